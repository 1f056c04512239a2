"""All JSON that is written is strict: any reader takes it, whatever names and values are in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import pytest
from typer.testing import CliRunner

import gtmsim as gtm
from gtmsim import CampaignProgram, Pareto, Plan, SalesTeam
from gtmsim.cli import app
from tests import cli_exports

NAMES = [
    '"quoted\\"', "back\\slash", "ü 暵 🙂", "</script>", "it's", "{}", "\\u2028", "NaN", "null"
]  # fmt: skip
RUN = ("--scenarios", "200", "--seed", "7")


def strict(text: str) -> Any:
    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is not JSON")

    text.encode()
    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A plan with odd names, without a mean, and with shares that mostly do not exist."""
    law, team = Pareto(tail_index=0.5), SalesTeam(name="a", hires=1, quota=1e6, loaded_cost=1e5)
    bets = (
        CampaignProgram(name=name, campaigns=3, spend=1.0, hit_rate=0.001, multiple=law)
        for name in NAMES
    )
    name, basis, currency = NAMES[:3]
    return Plan(name=name, basis=basis, currency=currency, horizon=6, channels=[*bets, team])


@pytest.fixture(scope="module")
def written(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each writer writes."""
    folder = tmp_path_factory.mktemp("json")

    def shown(*arguments: str) -> str:
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    plan.to_toml(folder / "plan.toml")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("gtmsim.fit.program.claims._VERSIONS", 4)
        cli_exports.write_ads()
        cli_exports.write_sales()
        Path("ads.csv").rename("odd \u2028.csv")
        fit = ("--format", "json", "--name", NAMES[0], "--seed", "7")
        found = {
            "fit of a program": shown("fit", "odd \u2028.csv", *cli_exports.VALUED, *fit),
            "fit of a team": shown("fit", "deals.csv", *fit),
            "run": shown("run", "plan.toml", *RUN, "--format", "json", "--validate"),
        }
        shown("run", "plan.toml", *RUN, "--checkpoint", "run")
    return found | {
        "run.json": (folder / "run" / "run.json").read_text("utf-8"),
        "plan": plan.to_json(),
        "schema": shown("schema"),
        "claim": shown("claim", *RUN, "--format", "json"),
        "claim of one case": shown("claim", "--tail-index", "0.5", *RUN, "--format", "json"),
        "manifest": json.dumps(gtm.simulate_portfolio(plan, scenarios=200, rng=7).manifest),
    }


WRITERS = [
    "fit of a program", "fit of a team", "run", "run.json", "plan", "schema", "claim",
    "claim of one case", "manifest",
]  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS)
def test_what_is_written_is_strict(written: dict[str, str], writer: str) -> None:
    assert list(written) == WRITERS
    assert strict(written[writer])


def test_names_are_as_they_were_and_what_is_no_number_is_null(written: dict[str, str]) -> None:
    run = strict(written["run"])
    assert [row["channel"] for row in run["summary"]] == [*NAMES, "a", "portfolio"]
    assert strict(written["fit of a program"])["reading"]["file"] == "odd \u2028.csv"
    assert [row["tail_index"] for row in run["tail"]] == [0.5] * len(NAMES) + [None, 0.5]
    assert strict(written["claim of one case"])["population_share"] is None


def test_what_is_not_strict_is_seen() -> None:
    for text in ("[NaN]", '{"a": -Infinity}'):
        with pytest.raises(AssertionError, match="is not JSON"):
            strict(text)
    with pytest.raises(UnicodeEncodeError):
        strict('"\ud800"')
