"""A seed gives what it gave when the golden file was written, or the changelog says otherwise."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

import gtmsim as gtm
from gtmsim.core.streams import STREAM_VERSION
from tests.golden import __main__ as command
from tests.golden import cases
from tests.golden.file import (
    CHANGELOG,
    additions,
    announced,
    changes,
    ever_announced,
    forbidden,
    read,
    record,
    text_of,
    verdict,
)

Held = dict[str, Any]

ENTRY = f"## [Unreleased]\n\n### Streams\n\n- Stream version {STREAM_VERSION}: as it is.\n"
NEXT = f"## [Unreleased]\n\n### Streams\n\n- Stream version {STREAM_VERSION + 1}: new.\n\n{ENTRY}"


@pytest.fixture(scope="module")
def held() -> Held:
    return read()


@pytest.fixture(scope="module")
def drawn() -> Held:
    return record()


def test_streams_are_those_of_the_golden_file(held: Held, drawn: Held) -> None:
    changelog = CHANGELOG.read_text(encoding="utf-8")
    assert not verdict(held, drawn, changelog), "\n".join(verdict(held, drawn, changelog))


def test_the_file_is_written_as_it_is_read(held: Held) -> None:
    assert json.loads(text_of(held)) == held


# -- A change is seen ---------------------------------------------------------------------------


def another(held: Held, *path: Any, value: Any = None) -> Held:
    """The same with one entry changed: by its last bit, or to a value."""
    new = copy.deepcopy(held)
    place: Any = new
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    place[path[-1]] = old ^ 1 if value is None else value
    return new


WORD = ("integers", "words", "7 PR 3 3 128 5", 1)
VALUE = ("values", "laws", "pareto: value", 0)


@pytest.mark.parametrize(
    "path",
    [
        WORD,
        ("integers", "names", "PR"),
        ("integers", "keys", "7", 0),
        ("integers", "versions", "seed 7, PR", 2),
        ("integers", "layout", "purposes", "PILOT"),
        ("integers", "layout", "lanes"),
    ],
)
def test_a_changed_integer_is_seen(held: Held, path: tuple[Any, ...]) -> None:
    new = another(held, *path)
    assert [change.path for change in changes(held, new)] == [" / ".join(map(str, path))]
    (first, told, last) = verdict(held, new, ENTRY)
    assert first.startswith(" / ".join(map(str, path)) + ": was ")
    assert "1 entries are drawn otherwise than stream version" in told
    assert "run python -m tests.golden" in last


def moved(value: str, by: float) -> str:
    return (float.fromhex(value) * (1.0 + by)).hex()


def test_perturbed_words_are_seen(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn is the streams' own: other words are other integers, and other values."""
    words, simulate = cases.words_at, gtm.simulate_portfolio

    def perturbed(*address: Any) -> tuple[int, int]:
        a, b = words(*address)
        return int(a), int(b) ^ int(address[-1] == 5)

    def other_luck(plan: gtm.Plan, **options: Any) -> gtm.PortfolioResult:
        return simulate(plan, **options | {"rng": 8})

    monkeypatch.setattr(cases, "words_at", perturbed)
    new = copy.deepcopy(held) | {"integers": cases.integers()}
    assert [change.path for change in changes(held, new)] == [
        f"integers / words / 7 {name} 3 3 128 5 / 1" for name in ("PR", "PS")
    ]
    monkeypatch.setattr(gtm, "simulate_portfolio", other_luck)
    laws = cases.values_of(cases.plans()["laws"])
    hexed = {name: [x.hex() for x in drawn] for name, drawn in laws.items()}
    seen = {
        change.path.split(" / ")[2]
        for change in changes(held, {**held, "values": {**held["values"], "laws": hexed}})
    }
    assert seen == {name for name in laws if not name.endswith(("spend", "beyond_horizon"))}


def test_values_agree_to_rounding_and_no_further(held: Held) -> None:
    old = held["values"]["laws"]["pareto: value"][0]
    assert not changes(held, another(held, *VALUE, value=moved(old, 9e-13)))
    further = another(held, *VALUE, value=moved(old, 2e-12))
    assert len(changes(held, further)) == 1
    assert forbidden(held, further, ENTRY)
    assert len(changes(held, another(held, *VALUE, value="nan"))) == 1
    # A word must be the same everywhere.
    assert len(changes(held, another(held, *WORD))) == 1


def test_what_is_gone_and_what_is_new_are_seen(held: Held) -> None:
    less = copy.deepcopy(held)
    del less["integers"]["words"]["7 PR 3 3 128 5"], less["values"]["laws"]["pareto: value"]
    assert len(changes(held, less)) == 2 + 5
    assert len(additions(less, held)) == 2 + 5
    assert not additions(held, less)
    assert not changes(less, held)
    shorter = another(held, "values", "laws", "pareto: value", value=[])
    assert len(changes(held, shorter)) == 1


# -- A new version needs an entry, and an entry a new version -----------------------------------


def raised(held: Held) -> Held:
    return another(held, "stream_version", value=STREAM_VERSION + 1)


def test_a_changed_stream_needs_a_new_version(held: Held) -> None:
    changed = another(held, *WORD)
    assert forbidden(held, changed, NEXT)
    assert not forbidden(held, raised(changed), NEXT)
    lowered = another(changed, "stream_version", value=STREAM_VERSION - 1)
    assert forbidden(held, lowered, f"{ENTRY}- Stream version {STREAM_VERSION - 1}.\n")


def test_a_new_version_needs_an_entry(held: Held) -> None:
    for changelog in (ENTRY, "", NEXT.replace("### Streams", "### Changed")):
        (problem,) = forbidden(held, raised(another(held, *WORD)), changelog)
        assert f'an entry "Stream version {STREAM_VERSION + 1}"' in problem
        assert 'under "### Streams" in the newest section' in problem


def test_a_new_version_needs_a_new_file(held: Held) -> None:
    new = raised(another(held, *WORD))
    (problem,) = verdict(held, new, NEXT)
    assert problem == (
        "tests/golden/streams.json is not of this code: then run python -m tests.golden"
    )
    assert not verdict(new, new, NEXT)


def test_an_entry_needs_its_version(held: Held) -> None:
    (problem,) = verdict(held, held, NEXT)
    assert "not the latest that" in problem


def test_new_cases_need_no_new_version(held: Held) -> None:
    less = copy.deepcopy(held)
    del less["integers"]["words"]["7 PR 3 3 128 5"]
    assert not forbidden(less, held, ENTRY)
    assert verdict(less, held, ENTRY) == [
        "tests/golden/streams.json is not of this code: then run python -m tests.golden"
    ]


def test_the_command_writes_only_what_is_allowed(
    held: Held,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "streams.json"
    monkeypatch.setattr(command, "GOLDEN", file)
    monkeypatch.setattr(command, "read", lambda: json.loads(file.read_text(encoding="utf-8")))
    monkeypatch.setattr(command, "record", lambda: held)
    assert command.main() == 0
    assert file.read_text(encoding="utf-8") == text_of(held)
    monkeypatch.setattr(command, "record", lambda: another(held, *WORD))
    assert command.main() == 1
    assert "raise STREAM_VERSION in gtmsim/core/streams.py" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == text_of(held)


@pytest.mark.parametrize(
    ("changelog", "newest", "all_of_them"),
    [
        ("", set(), set()),
        (
            "## [Unreleased]\n\n### Streams\n\n- Stream version 4: a.\n- stream version 3.",
            {4, 3},
            {4, 3},
        ),
        # Nothing unreleased yet.
        ("## [Unreleased]\n\n## [1.2.0]\n\n### Streams\n* Stream version 4.\n", {4}, {4}),
        # The newest has entries, and none of streams.
        (
            "## [1.3.0]\n### Added\n- A.\n## [1.2.0]\n### Streams\n- Stream\n  version 4.\n",
            set(),
            {4},
        ),
        # Named elsewhere only, or in a text that is no heading.
        ("## [1.3.0]\n### Added\n- Stream version 4.\n### Fixed\n- Streams.\n", set(), set()),
        ("## [1]\n### Streams\n- Stream version 5.\n### Fixed\n- Stream version 6.\n", {5}, {5}),
    ],
)
def test_the_changelog_is_read(changelog: str, newest: set[int], all_of_them: set[int]) -> None:
    assert announced("# Changelog\n\n" + changelog) == newest
    assert ever_announced("# Changelog\n\n" + changelog) == all_of_them
