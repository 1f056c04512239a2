"""A plan is data: nothing in it is run, opened or obeyed."""

from __future__ import annotations

import ast
import csv
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

import gtmsim as gtm
from gtmsim import CampaignProgram, Pareto, Plan, ScipyDistribution
from gtmsim.cli import app
from gtmsim.errors import PlanError, Problem, printable

SOURCES = sorted(Path(gtm.__file__).parent.rglob("*.py"))
FORBIDDEN = {
    "eval", "exec", "compile", "__import__", "system", "popen", "Popen", "check_output", "run_path",
    "read_pickle", "to_pickle", "load_module", "unsafe_load", "full_load",
}  # fmt: skip
MODULES = {"yaml", "marshal", "shelve", "dill", "cloudpickle", "subprocess", "runpy", "code"}


def calls(tree: ast.AST) -> list[tuple[str, ast.Call]]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            owner = function.value if isinstance(function, ast.Attribute) else None
            name = (
                function.attr
                if isinstance(function, ast.Attribute)
                else getattr(function, "id", "")
            )
            prefix = f"{owner.id}." if isinstance(owner, ast.Name) else ""
            found.append((prefix + name, node))
    return found


def dangers(source: str) -> set[str]:
    tree, found = ast.parse(source), set()
    for name, call in calls(tree):
        bare = name.rsplit(".", 1)[-1]
        if bare in FORBIDDEN and name != "re.compile":
            found.add(name)
        if name.startswith("pickle.") and bare in ("load", "loads", "Unpickler"):
            found.add(name)
        for keyword in call.keywords:
            if keyword.arg == "allow_pickle" and not (
                isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            ):
                found.add("allow_pickle")
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found |= {name for name in names if name.split(".")[0] in MODULES}
    return found


def test_nothing_that_is_read_can_be_run() -> None:
    found = {str(path): risk for path in SOURCES if (risk := dangers(path.read_text("utf-8")))}
    # A task of an executor brings the function that this process pickled; no file is involved.
    executor = [path for path in found if path.endswith("execute.py")]
    assert {path: found[path] for path in executor} == {executor[0]: {"pickle.loads"}}
    assert set(found) == set(executor)


@pytest.mark.parametrize(
    "source",
    ["import pickle\npickle.load(f)", "eval(x)", "np.load(f, allow_pickle=True)", "import yaml",
     "pd.read_pickle(p)", "from subprocess import run"],
)  # fmt: skip
def test_the_search_finds_what_it_looks_for(source: str) -> None:
    assert dangers(source)


NAMES = [
    "__class__", "__dict__", "rv_continuous", "rv_continuous.__init__", "norm.__class__", "os",
    "rv_histogram", "gaussian_kde", "_distn_infrastructure", "ttest_ind", "poisson", "gamma.rvs",
    "", "levy_stable_gen", "np", "distributions", "\x1b[2J",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_only_continuous_laws_of_scipy_are_named(name: str) -> None:
    with pytest.raises(PlanError, match=r"name: must be a continuous distribution of scipy\.stats"):
        ScipyDistribution(name=name)


def test_no_field_of_a_plan_names_a_path() -> None:
    def fields(schema: Any) -> set[str]:
        inner = schema.values() if isinstance(schema, dict) else schema
        found = set(schema.get("properties", {})) if isinstance(schema, dict) else set()
        nested = [fields(part) for part in inner if isinstance(part, dict | list)]
        return found.union(*nested)

    names = fields(Plan.json_schema())
    assert "multiple" in names
    assert not {name for name in names if any(w in name for w in ("path", "file", "url", "import"))}


def plan_named(name: str) -> Plan:
    bets = CampaignProgram(name=name, campaigns=3, spend=1.0, multiple=Pareto(tail_index=1.5))
    return Plan(name=name, horizon=3, channels=[bets], basis=name, currency=name)


@pytest.mark.parametrize("name", ["a\x1b[2J", "a\u202eb", "a\u200bb", "a\nb", "a\x00", "\ud800"])
def test_names_that_a_terminal_obeys_are_refused(name: str) -> None:
    with pytest.raises(PlanError, match="must be printable text") as caught:
        plan_named(name)
    assert all(letter.isprintable() or letter == "\n" for letter in str(caught.value))


def test_keys_that_a_terminal_obeys_are_written_as_escapes() -> None:
    with pytest.raises(PlanError) as caught:
        Plan.from_json_text('{"\\u001b[2J": 1, "\\u202e": 3}')
    message = str(caught.value)
    assert r"\x1b[2J: must be a key of Plan" in message
    assert all(letter.isprintable() or letter == "\n" for letter in message)
    message.encode()


def test_printable_text_is_left_alone() -> None:
    assert printable("Größe ≥ 1 %, 暵") == "Größe ≥ 1 %, 暵"
    assert str(Problem("a\rb", "must be", 1, "c\x07")) == r"a\rb: must be, got 1 (c\x07)"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "[red]a[/red]", '"><img src=x>'])
def test_names_are_shown_as_text(name: str) -> None:
    result = gtm.simulate_portfolio(plan_named(name), scenarios=256, rng=1, workers=1)
    page = result._repr_html_()
    assert "<script" not in page
    assert "<img" not in page
    assert name in repr(result)

    from gtmsim.cli.output import portfolio

    report = portfolio(result)
    assert name in report.text().replace("\n", "")
    assert name in report.csv().replace('""', '"')


FORMULAS = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "＝1", "  =1", "'=1", "''@x"]
WORDS = ["PR", "'s-Hertogenbosch", "1=1", "a, b", "e-mail", "a;=1+1", 'a"=1', 'a";"=1']


def is_formula(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell.strip()[:1] in [*"=+-@＝"]
    return False


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every table of a plan with such names that a command writes."""
    folder, law = tmp_path_factory.mktemp("exported"), Pareto(tail_index=1.5)
    bets = [
        CampaignProgram(name=name, campaigns=3, spend=1.0, multiple=law, hit_rate=0.1)
        for name in FORMULAS + WORDS
    ]
    Plan(horizon=3, channels=bets).to_toml(folder / "plan.toml")
    for out in ("summary.csv", "all"):
        arguments = ["run", folder / "plan.toml", "--scenarios", 256, "--out", folder / out]
        assert CliRunner().invoke(app, list(map(str, arguments))).exit_code == 0
    return folder


@pytest.mark.parametrize("file", ["summary.csv", "all/summary.csv", "all/by_month.csv"])
def test_no_name_is_a_formula_to_a_spreadsheet(exported: Path, file: str) -> None:
    text = (exported / file).read_text(encoding="utf-8")
    # A spreadsheet takes commas or semicolons for separators, as its country does.
    for separator in ",;":
        rows = csv.reader(text.splitlines(), delimiter=separator)
        assert not [cell for row in rows for cell in row if is_formula(cell)]
    table = pd.read_csv(exported / file)
    written = [f"'{name}" for name in FORMULAS] + WORDS + ["portfolio"]
    assert list(dict.fromkeys(table.pop("channel"))) == written
    assert all(map(pd.api.types.is_numeric_dtype, table.dtypes))
    assert file != "all/by_month.csv" or ",-" in text
