"""Every public name is documented: with an example that runs, and the parameters that it takes."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from numpydoc.docscrape import FunctionDoc

import gtmsim as gtm
from gtmsim import errors

MODULES = ("gtmsim", *(f"gtmsim.{part}" for part in ("decide", "fit", "plots", "presets")))
CLASSES = (gtm.Plan, gtm.PortfolioResult, gtm.SalesTeam, gtm.CampaignProgram)
"""Classes of which each method has an example of its own."""


def public() -> Iterator[tuple[str, Any]]:
    """Yield functions and classes by the name under which users find them."""
    modules = [import_module(name) for name in (*MODULES, "gtmsim.statistics")]
    named = [(f"{m.__name__}.{name}", getattr(m, name)) for m in modules for name in m.__all__]
    named += [(f"gtmsim.errors.{name}", found) for name, found in own_classes()]
    yield from ((name, found) for name, found in named if callable(found))


def own_classes() -> list[tuple[str, Any]]:
    own = [
        (n, c) for n, c in vars(errors).items() if getattr(c, "__module__", "") == "gtmsim.errors"
    ]
    return [(name, found) for name, found in own if not name.startswith("_")]


def members() -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties that gtmsim itself gives a class."""
    for holder in CLASSES:
        for base in holder.__mro__:
            if not base.__module__.startswith("gtmsim.") or base.__name__ == "Model":
                continue
            for name, member in vars(base).items():
                function = getattr(member, "__func__", getattr(member, "func", member))
                function = getattr(function, "fget", function)
                if inspect.isfunction(function) and not name.startswith("_"):
                    yield f"{holder.__name__}.{name}", function


def has_example(found: Any) -> bool:
    """Whether the documentation has a section of examples with code in it."""
    text = inspect.getdoc(found) or ""
    _, heading, examples = text.partition("Examples\n--------\n")
    return bool(heading) and bool(doctest.DocTestParser().get_examples(examples))


def undocumented(function: Any) -> set[str]:
    """Parameters that only the signature has, or only the documentation."""
    taken = {name for name in inspect.signature(function).parameters if name not in ("self", "cls")}
    section = FunctionDoc(function)["Parameters"]
    return taken ^ {name.strip("* ") for entry in section for name in entry.name.split(",")}


NAMED = dict(public())
FUNCTIONS = {name: found for name, found in NAMED.items() if inspect.isfunction(found)}
MEMBERS = dict(members())


@pytest.mark.parametrize("name", NAMED)
def test_a_public_name_has_an_example(name: str) -> None:
    assert has_example(NAMED[name])


@pytest.mark.parametrize("name", MEMBERS)
def test_a_method_of_what_users_hold_most_has_an_example(name: str) -> None:
    assert has_example(MEMBERS[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_documented_parameters_are_those_of_the_signature(name: str) -> None:
    assert not undocumented(FUNCTIONS[name])


def test_the_lists_are_whole() -> None:
    assert {"gtmsim.compare", "gtmsim.plots.outcome", "gtmsim.errors.PlanError"} <= set(NAMED)
    assert {"PortfolioResult.quantile", "PortfolioResult.verdict", "Plan.from_toml"} <= set(MEMBERS)
    assert "gtmsim.presets.sdr" in FUNCTIONS


def _told_wrong(a: int, *, b: int) -> None:
    """Do nothing.

    Parameters
    ----------
    a, c : int

    Examples
    --------
    None that runs.
    """


def test_what_is_missing_is_found() -> None:
    assert not has_example(_told_wrong)
    assert undocumented(_told_wrong) == {"b", "c"}
    assert not has_example(lambda: None)


@pytest.mark.parametrize("name", [*MODULES, "gtmsim.statistics"])
def test_only_public_names_are_listed(name: str) -> None:
    """What completion offers after a dot."""
    module = import_module(name)
    assert set(dir(module)) - {"__version__"} == set(module.__all__)
    assert "annotations" in dir(inspect.getmodule(gtm.Plan))  # what a plain module lists
