"""Plan files that grow: a channel is appended as text, and what is there stays byte for byte."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gtmsim.cli.output import check_folder
from gtmsim.errors import ArgumentError

if TYPE_CHECKING:
    from gtmsim.plan import Plan
    from gtmsim.plan.plan import Channel

_WIDTH = 100
_HEAD = "# A plan for `gtmsim run`: see `gtmsim init` for all that a plan may hold.\n"


@dataclass(frozen=True)
class PlanFile:
    """A plan file that a channel is to be added to, or a new one.

    Attributes
    ----------
    path : Path
    data : bytes
        What is there; empty if nothing is.
    plan : Plan, optional
        The plan that is there.
    """

    path: Path
    data: bytes = b""
    plan: Plan | None = None

    @classmethod
    def open(cls, path: Path) -> PlanFile:
        """Read the file, if there is one.

        Raises
        ------
        ArgumentError
            If it is not a TOML file by its name, or its channels are written as one closed list.
        PlanError
            If what is there is no plan.
        FileNotFoundError
            If there is no such folder.
        """
        from gtmsim.plan import Plan

        if path.suffix.lower() != ".toml":
            fix = "JSON holds no comments; write JSON from Python, with Plan.to_json"
            raise ArgumentError("out", "must end in .toml", str(path), fix)
        check_folder(path)
        if not path.exists():
            return cls(path)
        data, plan = path.read_bytes(), Plan.from_toml(path)
        try:
            tomllib.loads(data.decode("utf-8-sig") + "\n[[channels]]\n")
        except tomllib.TOMLDecodeError:
            rule = "must have its channels as [[channels]] tables, to take one more"
            fix = "write each as a [[channels]] table, instead of channels = [...]"
            raise ArgumentError("out", rule, str(path), fix) from None
        return cls(path, data, plan)

    def check_name(self, name: str) -> None:
        """Refuse a name that is there already.

        Raises
        ------
        ArgumentError
        """
        if self.plan is not None and name in [channel.name for channel in self.plan.channels]:
            fix = "choose another --name, or take that channel out of the plan first"
            raise ArgumentError("name", f"must be new in {self.path}", name, fix)

    def with_channel(
        self, channel: Channel, comments: Sequence[str], head: dict[str, Any]
    ) -> bytes:
        """Return the file with a channel at its end.

        Parameters
        ----------
        channel : SalesTeam or CampaignProgram
        comments : sequence of str
            Written above it, each wrapped.
        head : dict
            Fields of the plan, if it is a new one.

        Raises
        ------
        ArgumentError
            If its name is there already.
        PlanError
            If plan and channel do not fit each other.
        """
        import tomli_w

        from gtmsim.plan import Plan

        self.check_name(channel.name)
        table = channel.model_dump(mode="json", exclude_none=True)
        text = "\n" + comment(comments) + tomli_w.dumps({"channels": [table]})
        before = self.data
        if self.plan is None:
            before = (_HEAD + tomli_w.dumps(head)).encode()
        elif not before.endswith(b"\n"):
            text = "\n" + text
        if b"\r\n" in before:
            text = text.replace("\n", "\r\n")
        whole = before + text.encode()
        Plan.from_toml_text(whole.decode("utf-8-sig"))
        return whole


def comment(paragraphs: Sequence[str]) -> str:
    """Return text as comments of a TOML file, wrapped.

    Examples
    --------
    >>> print(comment(["one  line", "- two"]))
    # one line
    # - two
    <BLANKLINE>
    """
    lines = []
    for paragraph in paragraphs:
        # TOML takes no control characters, not even in comments.
        plain = "".join(letter if letter.isprintable() else " " for letter in paragraph)
        hang = "# " + " " * (2 if plain.startswith("- ") else 0)
        lines += textwrap.wrap(
            " ".join(plain.split()),
            _WIDTH,
            initial_indent="# ",
            subsequent_indent=hang,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "".join(f"{line}\n" for line in lines)
