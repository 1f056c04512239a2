"""The plan: channels, a horizon and a market."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Self, TypeAlias

import tomli_w
from pydantic import Field, ValidationInfo, field_validator

from gtmsim.errors import ArgumentError
from gtmsim.model import Model
from gtmsim.notebook import Block, Shown
from gtmsim.plan.campaigns import CampaignProgram
from gtmsim.plan.checks import build_channels
from gtmsim.plan.display import plan_block
from gtmsim.plan.fields import Name, PositiveMoney
from gtmsim.plan.sales import SalesTeam
from gtmsim.plan.text import PlanPath, parse_json, parse_toml, read_plan_file, write_plan_file

Channel: TypeAlias = SalesTeam | CampaignProgram
_TaggedChannel = Annotated[Channel, Field(discriminator="kind")]


class Plan(Shown, Model):
    """What will be spent over a horizon, and what is believed about it.

    Attributes
    ----------
    name : str, default "plan"
    horizon : int
        Months, 1 to 600; they are counted from 0.
    channels : tuple of SalesTeam and CampaignProgram
        At least one; names are unique.
    market_volatility : float, default 0
        Log-sd of the shock that all channels share, in [0, 5].
    discount_rate : float, default 0
        Per year, in [0, 10]; every result is a present value.
    target : float, optional
        The value to reach by the horizon (currency).
    basis : str, default "gross profit"
        What a unit of value is.
    currency : str, default "USD"

    Raises
    ------
    PlanError
        If a field breaks its rule, or channels do not fit the horizon or each other; all broken
        rules are listed.

    Examples
    --------
    >>> team = SalesTeam(name="reps", hires=2, quota=800_000, loaded_cost=261_000)
    >>> plan = Plan(horizon=24, channels=[team])
    >>> Plan.from_toml_text(plan.to_toml()) == plan
    True
    >>> plan["reps"].quota
    800000.0
    """

    name: Name = Field(default="plan", description="what the plan is called")
    horizon: int = Field(ge=1, le=600, description="months")
    channels: tuple[_TaggedChannel, ...] = Field(min_length=1, description="teams and programs")
    market_volatility: float = Field(
        default=0.0, ge=0.0, le=5.0, description="log-sd of the shock that all channels share"
    )
    discount_rate: float = Field(default=0.0, ge=0.0, le=10.0, description="per year")
    target: PositiveMoney | None = Field(default=None, description="value to reach by the horizon")
    basis: Name = Field(default="gross profit", description="what a unit of value is")
    currency: Name = Field(default="USD", description="of all money in the plan")

    @field_validator("channels", mode="before")
    @classmethod
    def _build_channels(cls, value: Any, info: ValidationInfo) -> Any:
        # In one place rather than field by field, so that all errors of a plan come together.
        is_list = isinstance(value, list | tuple)
        return build_channels(value, info.data.get("horizon")) if is_list else value

    def __getitem__(self, name: str) -> Channel:
        """Return the channel of this name.

        Raises
        ------
        ArgumentError
            If no channel has this name.
        """
        channels = {channel.name: channel for channel in self.channels}
        if name in channels:
            return channels[name]
        near = get_close_matches(str(name), channels, n=1)
        fix = f"did you mean {near[0]!r}?" if near else None
        raise ArgumentError("channel", f"must be one of {', '.join(channels)}", name, fix)

    def _ipython_key_completions_(self) -> list[str]:
        return [channel.name for channel in self.channels]

    def _block(self) -> Block:
        return plan_block(self)

    @classmethod
    def from_toml(cls, path: PlanPath) -> Self:
        """Read a plan from a TOML file.

        Parameters
        ----------
        path : path

        Returns
        -------
        Plan

        Raises
        ------
        PlanFileError
            If the file is missing, unreadable or not TOML.
        PlanError
            If the plan breaks rules; all of them are listed.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from gtmsim.plan import Plan, SalesTeam
        >>> team = SalesTeam(name="reps", hires=2, quota=800_000, loaded_cost=261_000)
        >>> plan = Plan(horizon=24, channels=[team])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "plan.toml")
        ...     _ = plan.to_toml(path)
        ...     Plan.from_toml(path) == plan
        True
        """
        return cls(**parse_toml(read_plan_file(path), path))

    @classmethod
    def from_toml_text(cls, text: str) -> Self:
        """Read a plan from TOML text; see `from_toml`.

        Raises
        ------
        PlanFileError
            If the text is not TOML.
        PlanError
            If the plan breaks rules; all of them are listed.

        Examples
        --------
        >>> from gtmsim.plan import Plan, SalesTeam
        >>> team = SalesTeam(name="reps", hires=2, quota=800_000, loaded_cost=261_000)
        >>> plan = Plan(horizon=24, channels=[team])
        >>> Plan.from_toml_text(plan.to_toml()) == plan
        True
        """
        return cls(**parse_toml(text, "TOML text"))

    @classmethod
    def from_json(cls, path: PlanPath) -> Self:
        """Read a plan from a JSON file; see `from_toml`.

        Raises
        ------
        PlanFileError
            If the file is missing, unreadable or not a JSON object.
        PlanError
            If the plan breaks rules; all of them are listed.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from gtmsim.plan import Plan, SalesTeam
        >>> team = SalesTeam(name="reps", hires=2, quota=800_000, loaded_cost=261_000)
        >>> plan = Plan(horizon=24, channels=[team])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "plan.json")
        ...     _ = plan.to_json(path)
        ...     Plan.from_json(path) == plan
        True
        """
        return cls(**parse_json(read_plan_file(path), path))

    @classmethod
    def from_json_text(cls, text: str) -> Self:
        """Read a plan from JSON text; see `from_toml`.

        Raises
        ------
        PlanFileError
            If the text is not a JSON object.
        PlanError
            If the plan breaks rules; all of them are listed.

        Examples
        --------
        >>> from gtmsim.plan import Plan, SalesTeam
        >>> team = SalesTeam(name="reps", hires=2, quota=800_000, loaded_cost=261_000)
        >>> plan = Plan(horizon=24, channels=[team])
        >>> Plan.from_json_text(plan.to_json()) == plan
        True
        """
        return cls(**parse_json(text, "JSON text"))

    @classmethod
    def from_tables(cls, tables: Mapping[str, Any]) -> Self:
        """Return the plan of nested tables, as the manifest of a result holds it.

        Raises
        ------
        PlanError
            If the plan breaks rules; all of them are listed.

        Examples
        --------
        >>> team = SalesTeam(name="reps", hires=2, quota=800_000, loaded_cost=261_000)
        >>> plan = Plan(horizon=24, channels=[team])
        >>> Plan.from_tables(plan.to_tables()) == plan
        True
        """
        return cls.model_validate(tables)

    def to_tables(self) -> dict[str, Any]:
        """Return the plan as nested tables of plain values: what its hash is of.

        Examples
        --------
        >>> team = SalesTeam(name="reps", hires=2, quota=800_000, loaded_cost=261_000)
        >>> Plan(horizon=24, channels=[team]).to_tables()["horizon"]
        24
        """
        return self.model_dump(mode="json", exclude_none=True)

    def to_toml(self, path: PlanPath | None = None) -> str:
        """Return the plan as TOML that reads back equal, to the last bit.

        Parameters
        ----------
        path : path, optional
            A file to write it to, whole or not at all.

        Returns
        -------
        str

        Raises
        ------
        PlanFileError
            If the file cannot be written.

        Examples
        --------
        >>> from gtmsim.plan import Plan, SalesTeam
        >>> team = SalesTeam(name="reps", hires=2, quota=800_000, loaded_cost=261_000)
        >>> plan = Plan(horizon=24, channels=[team])
        >>> print(plan.to_toml().splitlines()[1])
        horizon = 24
        """
        text = tomli_w.dumps(self.to_tables())
        if path is not None:
            write_plan_file(path, text)
        return text

    def to_json(self, path: PlanPath | None = None) -> str:
        """Return the plan as JSON that reads back equal, to the last bit; see `to_toml`.

        Raises
        ------
        PlanFileError
            If the file cannot be written.

        Examples
        --------
        >>> from gtmsim.plan import Plan, SalesTeam
        >>> team = SalesTeam(name="reps", hires=2, quota=800_000, loaded_cost=261_000)
        >>> plan = Plan(horizon=24, channels=[team])
        >>> print(plan.to_json().splitlines()[2])
          "horizon": 24,
        """
        text = json.dumps(self.to_tables(), indent=2, ensure_ascii=False) + "\n"
        if path is not None:
            write_plan_file(path, text)
        return text

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON schema of plan files, for editors and other programs.

        Examples
        --------
        >>> Plan.json_schema()["required"]
        ['horizon', 'channels']
        """
        dialect = "https://json-schema.org/draft/2020-12/schema"
        schema = cls.model_json_schema()
        for table in (schema, *schema["$defs"].values()):
            table["description"] = table["description"].partition("\n")[0]
        return {"$schema": dialect, **schema}

    @property
    def plan_hash(self) -> str:
        """SHA-256 of the plan in canonical JSON, as 64 hexadecimal digits.

        Examples
        --------
        >>> team = SalesTeam(name="reps", hires=2, quota=800_000, loaded_cost=261_000)
        >>> len(Plan(horizon=24, channels=[team]).plan_hash)
        64
        """
        canonical = json.dumps(self.to_tables(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
