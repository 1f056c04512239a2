"""What a terminal and Jupyter show: the finding first, a screen at most, and every text escaped."""

from __future__ import annotations

import html
import re
import sys
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gtmsim as gtm
from gtmsim import progress
from gtmsim.fit.reading.report import Reading
from gtmsim.notebook import MOST_ROWS, WIDTH, Block, Shown, html_block, text_block
from gtmsim.statistics import tail_diagnostics

SCRIPT = "<script>alert(1)</script>"
LAW = gtm.Lomax(tail_index=1.3, scale=0.4)


def bets(name: str = "bets", **fields: Any) -> gtm.CampaignProgram:
    given = {"campaigns": 20, "spend": 10.0, "launch": 0, "hit_rate": 0.5, "multiple": LAW}
    return gtm.CampaignProgram(name=name, **(given | fields))


def reps(name: str = SCRIPT, **fields: Any) -> gtm.SalesTeam:
    return gtm.SalesTeam(name=name, **({"hires": 3, "quota": 300.0, "loaded_cost": 90.0} | fields))


PLAN = gtm.Plan(
    name="<b>next year</b>", horizon=12, channels=[reps(), bets(), bets("ads")], target=900.0
)
STAGED = gtm.Plan(
    horizon=12,
    channels=[bets(SCRIPT, staging=gtm.Staging(pilot_spend=1.0, kill_share=0.8, recycle=1.0))],
)
HISTORY = pd.DataFrame({"spend": 100.0, "value": [0.0, 90.0, 210.0] * 20})
RUN: dict[str, Any] = {"scenarios": 1_000, "rng": 7}


def reading() -> Reading:
    taken = {"from": SCRIPT, "how": "as given", "others": []}
    names = ("file", "sha256", "kind", "source", "format")
    none = dict.fromkeys(["encoding", "separator", "decimal", "dates", "currency"])
    counts = {"header_row": 1, "rows_in_file": 3, "rows_kept": 2}
    return Reading(
        **dict.fromkeys(names, "ads.csv"), votes={}, **none, **counts, columns={"spend": taken}
    )


def history_of_reps() -> pd.DataFrame:
    columns = ["rep", "segment", "period", "start", "end", "quota", "bookings"]
    first = pd.Timestamp("2020-01-01")
    rows = [
        (f"rep {i}", "", quarter, first, pd.NaT, 2e5, 1e5 + 4e4 * ((i + j) % 4))
        for i in range(8)
        for j, quarter in enumerate(pd.period_range("2023Q1", periods=8, freq="Q"))
    ]
    return pd.DataFrame(rows, columns=columns)


def fitted() -> Any:
    return gtm.fit_program(HISTORY, name=SCRIPT, rng=7)


SHORT = PLAN.replace(channels=[reps(pipeline=200.0)])
RANGES = {"bets.hit_rate": (0.3, 0.6)}
WHAT_IF = {SCRIPT: {"bets.hit_rate": 0.6}}
HALF = gtm.decide.Quantile(0.5)
BETS_ONLY = gtm.Plan(horizon=12, channels=[bets(SCRIPT), bets("ads")])
MAKERS = {
    "plan": lambda: PLAN,
    "team": reps,
    "program": lambda: bets(SCRIPT),
    "law": lambda: LAW,
    "ramp": lambda: gtm.Ramp(months=3.0),
    "result": lambda: gtm.simulate_portfolio(PLAN, **RUN),
    "validation": lambda: gtm.simulate_portfolio(PLAN, **RUN).validate(),
    "diagnostics": lambda: tail_diagnostics(np.random.default_rng(1).pareto(1.1, 500)),
    "claim": lambda: gtm.reproduce_claim((0.5, 1.5), (1.0,), (100,), scenarios=100, rng=7),
    "campaigns for claim": lambda: gtm.campaigns_for_claim(0.5, scenarios=100, rng=7),
    "concentration": lambda: gtm.concentration_report(
        np.random.default_rng(1).pareto(1.5, 500), rng=1
    ),
    "fitted program": fitted,
    "fitted claim": lambda: fitted().claim(rng=7),
    "fitted tail": lambda: gtm.fit_tail(2.0 ** np.arange(12), rng=1, repetitions=0),
    "fitted team": lambda: gtm.fit_team(history_of_reps(), name=SCRIPT, rng=7),
    "reading": reading,
    "comparison": lambda: gtm.compare({SCRIPT: PLAN, "b": PLAN}, **RUN),
    "frontier": lambda: gtm.frontier(PLAN, shares=[0.0, 0.5, 1.0], **RUN),
    "cash": lambda: gtm.cash(PLAN, discount_rates=[0.1], **RUN),
    "sensitivity": lambda: gtm.sensitivity(PLAN, ranges=RANGES, only=RANGES, **RUN),
    "break-even": lambda: gtm.break_even(PLAN, "bets.hit_rate", within=(0.1, 0.9), **RUN),
    "scenario table": lambda: gtm.scenario_table(PLAN, WHAT_IF, **RUN),
    "one more": lambda: gtm.value_of_one_more(PLAN, SCRIPT, **RUN),
    "sizes": lambda: gtm.big_or_small(200.0, [10.0, 100.0], bets(SCRIPT), **RUN),
    "needed": lambda: gtm.campaigns_needed(bets(SCRIPT), 3.0),
    "staging": lambda: gtm.value_of_staging(STAGED, **RUN),
    "by tail": lambda: gtm.decide.staging_by_tail(STAGED, None, (1.3, 3.0), **RUN),
    "explore": lambda: gtm.explore_share(STAGED, None, (0.1, 0.5), **RUN),
    "reallocation": lambda: gtm.reallocate(BETS_ONLY, ("inert", "proportional"), **RUN),
    "leads": lambda: gtm.where_leads_bind(SHORT, SCRIPT, range(1, 4), **RUN),
    "allocation": lambda: gtm.allocate(400.0, [reps(), bets()], HALF, horizon=12, **RUN),
    "smallest budget": lambda: gtm.smallest_budget(500.0, 0.5, [reps()], horizon=12, **RUN),
}


@cache
def made(name: str) -> Any:
    return MAKERS[name]()


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_shown_fits_a_screen_and_says_the_same(name: str) -> None:
    before = {key: pd.get_option(key) for key in ("display.max_colwidth", "display.max_rows")}
    found = made(name)
    text, shown = repr(found), found._repr_html_()
    if isinstance(found, Shown):
        lines = text.splitlines()
        assert len(lines) <= 40
        assert max(map(len, lines)) <= WIDTH
        # The same words and digits, whatever breaks the lines.
        words = re.sub(r"<[^>]+>", " ", shown)
        assert set(text.split()) == set(html.unescape(words).split())
    assert shown.count("<tr>") <= MOST_ROWS + 2
    assert SCRIPT not in shown
    assert "<b>next" not in shown
    assert all(pd.get_option(key) == value for key, value in before.items())


def test_every_public_class_with_a_repr_of_its_own_is_tried() -> None:
    def below(base: type) -> set[type]:
        return {base}.union(*(below(sub) for sub in base.__subclasses__()))

    own = {c for c in below(Shown) if c.__module__.startswith("gtmsim.") and c is not Shown}
    for module in ("gtmsim.decide", "gtmsim.fit"):
        assert module in sys.modules
    # The map of horizons has tests of its own.
    assert {c.__name__ for c in own} - {type(made(n)).__name__ for n in MAKERS} <= {"HorizonMap"}


def test_names_come_through_escaped() -> None:
    for name in ("plan", "result", "comparison", "cash", "leads", "fitted program", "reading"):
        assert html.escape(SCRIPT) in made(name)._repr_html_()
        assert SCRIPT in repr(made(name))


def test_long_things_are_cut_in_their_middle_and_say_so() -> None:
    months = tuple(i % 12 for i in range(10_000))
    team = reps("many", hires=months)
    assert repr(team).startswith("SalesTeam(name='many', hires=(0, 1, 2, 3, 4, 5, ... 9,988 more")
    assert "9,988 more" in team._repr_html_()
    assert len(repr(gtm.Empirical(values=[1.0] * 10_000))) < 120
    assert "..." not in repr(reps("few", hires=(0, 1, 2)))
    plan = PLAN.replace(channels=[bets(f"program {i}") for i in range(100)])
    for shown in (repr(plan), plan._repr_html_()):
        assert "80 of 100 rows are left out in the middle" in shown
        assert "program 0" in shown
        assert "program 99" in shown
        assert "program 50" not in shown
    assert len(repr(plan).splitlines()) <= 40
    result = gtm.simulate_portfolio(plan, scenarios=256, rng=1)
    assert len(repr(result).splitlines()) <= 40
    assert "left out in the middle" in repr(result)


def test_wide_tables_are_cut_too() -> None:
    wide = pd.DataFrame({f"column {i}": ["1"] for i in range(40)})
    assert "26 of 40 columns are left out in the middle" in html_block("t", frame=wide)
    text = text_block("t", frame=wide)
    assert "column 20" not in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= WIDTH
    block = text_block("t", notes=[f"note {i}" for i in range(30)])
    assert "... 22 more ..." in block
    assert "note 29" in block
    assert len(text_block("word " * 1_000).splitlines()) < 12


def test_the_first_sentence_stands_out() -> None:
    shown = html_block("It pays. Not by much", ["why"])
    assert shown == "<div><b>It pays.</b> Not by much<br>why</div>"


def test_numbers_stand_to_the_right_and_words_to_the_left() -> None:
    words = "words that are longer than a number"
    frame = pd.DataFrame({"n": ["1", "10"], "why": [words, "short"]}, index=["a", "b"])
    assert text_block("t", frame=frame).splitlines()[2:] == [
        "    n  why",
        f"a   1  {words}",
        "b  10  short",
    ]
    assert '<td style="text-align: right">1</td>' in html_block("t", frame=frame)
    assert '<td style="text-align: left">short</td>' in html_block("t", frame=frame)
    assert '<td style="text-align: left">yes' in html_block("t", frame=pd.DataFrame({"a": ["yes"]}))
    assert '<th scope=row style="text-align: left">a</th>' in html_block("t", frame=frame)


def test_a_number_is_not_parted_from_its_percent_sign() -> None:
    text = text_block("x" * (WIDTH - 3) + " 99 %")
    assert text.splitlines()[-1] == "99 %"


def test_a_class_must_say_what_is_shown_of_it() -> None:
    with pytest.raises(NotImplementedError):
        repr(Shown())

    class One(Shown):
        def _block(self) -> Block:
            return Block("one")

    assert (str(One()), One()._repr_html_()) == ("one", "<div><b>one</b></div>")


def test_a_wrong_argument_is_named_in_one_line() -> None:
    with pytest.raises(gtm.ArgumentError, match=r"got <b>next year</b>: 12 .* 900 \.\.\.$"):
        gtm.value_of_staging(STAGED, PLAN)  # type: ignore[arg-type]


# -- Jupyter ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("widgets", "module"), [(True, "tqdm.auto"), (False, "tqdm")])
def test_bars_need_widgets_only_where_there_are_some(
    widgets: bool, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    class Bar:
        def __init__(self, **options: Any) -> None:
            asked.append(options)

    class Module:
        tqdm = Bar

    spec = find_spec("tqdm") if widgets else None
    monkeypatch.setitem(sys.modules, "ipykernel", Module)
    monkeypatch.setattr(progress, "find_spec", lambda name: spec)
    monkeypatch.setattr(progress, "import_module", lambda name: asked.append(name) or Module)
    progress.progress_bar(10, "plan")
    assert asked[0] == module
    assert asked[1]["disable"] is False  # a notebook is watched
    assert asked[1]["delay"] == 1.0


KERNEL = """
import warnings
import gtmsim as gtm
from gtmsim.progress import progress_bar
plan = gtm.presets.example_plan()
with warnings.catch_warnings():
    warnings.simplefilter("error")
    with progress_bar(2, "plan") as bar:
        bar.update(2)
        shown = not bar.disable
complete = get_ipython().Completer
complete.use_jedi = False

def completed(text):
    return {found.rpartition(".")[2] for found in complete.complete(text)[1]}

parts = [gtm.presets, gtm.decide, gtm.fit, gtm.plots]
dotted = ["gtm.presets.", "gtm.decide.", "gtm.fit.", "gtm.plots."]
listed = [completed(text) == set(part.__all__) for text, part in zip(dotted, parts)]
whole = completed("gtm.") == set(gtm.__all__)
keys = complete.complete("plan['")[1]
names = len(keys) == len(plan.channels) and all(c.name in " ".join(keys) for c in plan.channels)
assert not completed("plan['nobody")  # what must fail does
print(shown, listed, whole, names)
"""


def test_a_kernel_shows_bars_and_completes_names() -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    cells = [nbformat.v4.new_code_cell(source) for source in (KERNEL, "plan")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    said, shown = (cell.outputs for cell in notebook.cells)
    printed = "".join(output.get("text", "") for output in said if output.get("name") == "stdout")
    assert printed.strip() == "True [True, True, True, True] True True"
    assert "Warning" not in str(said)
    assert shown[0].data["text/html"].startswith("<div><b>mid-market software: 24 months")
