"""The rules of the repository, each with a breach that must be seen."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import gtmsim

ROOT = Path(__file__).resolve().parents[1]
MAX_LINES = 400
CLOCKS = {"clock_gettime", "monotonic", "perf_counter", "process_time", "thread_time", "time"}


class Import(NamedTuple):
    line: int
    module: str


def imports(tree: ast.Module) -> Iterator[Import]:
    """Every import at any depth, `importlib.import_module("...")` and `__import__` included."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (Import(node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                start = "." * level + (module or "")
                yield from (Import(node.lineno, f"{start}.{alias.name}") for alias in names)
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield Import(node.lineno, module)


def in_package(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def numba_outside_core(path: str, tree: ast.Module) -> Iterator[str]:
    if not path.startswith("gtmsim/core/"):
        for line, module in imports(tree):
            if in_package(module, "numba") or in_package(module, "llvmlite"):
                yield f"line {line}: imports {module}"


def core_reaching_out(path: str, tree: ast.Module) -> Iterator[str]:
    if path.startswith("gtmsim/core/"):
        for line, module in imports(tree):
            top = module.partition(".")[0]
            allowed = top in {"llvmlite", "numba", "numpy"} or top in sys.stdlib_module_names
            if not allowed and not in_package(module, "gtmsim.core"):
                yield f"line {line}: imports {module}"


def matplotlib_outside_plots(path: str, tree: ast.Module) -> Iterator[str]:
    if not path.startswith("gtmsim/plots/"):
        for line, module in imports(tree):
            if in_package(module, "matplotlib"):
                yield f"line {line}: imports {module}"


def run_time_code(path: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id="exec" | "eval")
                | ast.Attribute(value=ast.Name(id="builtins"), attr="exec" | "eval")
            ):
                yield f"line {node.lineno}: runs text as code"


def undocumented(path: str, tree: ast.Module) -> Iterator[str]:
    """Modules, and the public functions, classes and methods reachable through public names."""
    if not ast.get_docstring(tree):
        yield "line 1: the module has no docstring"
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If | ast.Try):
            pending += node.body + node.orelse
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if node.name.startswith("_") or any(
            ast.unparse(decorator).endswith(("overload", ".setter"))
            for decorator in node.decorator_list
        ):
            continue
        if not ast.get_docstring(node):
            yield f"line {node.lineno}: {node.name} has no docstring"
        if isinstance(node, ast.ClassDef):
            pending += node.body


def unsorted_all(path: str, tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=value)
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
            ):
                names = list(ast.literal_eval(value))
                if names != sorted(set(names)):
                    yield f"line {node.lineno}: __all__ is not sorted, or repeats a name"


def unlisted_names(path: str, tree: ast.Module) -> Iterator[str]:
    """Public names that `gtmsim/__init__.py` brings in without listing them."""
    if path != "gtmsim/__init__.py":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and in_package(node.module or "", "gtmsim"):
            for alias in node.names:
                name = alias.asname or alias.name
                if not name.startswith("_") and name not in gtmsim.__all__:
                    yield f"line {node.lineno}: {name} is not in __all__"


def clock_readings(path: str, tree: ast.Module) -> Iterator[str]:
    """A test that reads no clock asserts no wall-clock time."""
    for line, module in imports(tree):
        top, _, name = module.partition(".")
        if top == "timeit" or (top == "time" and name.removesuffix("_ns") in {*CLOCKS, "*"}):
            yield f"line {line}: imports {module}"
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="time"), attr=attr):
                if attr.removesuffix("_ns") in CLOCKS:
                    yield f"line {node.lineno}: reads time.{attr}"
            case ast.alias(name="time", asname=str(asname)):
                yield f"line {node.lineno}: hides the clock as {asname}"


def too_long(path: str, tree: ast.Module) -> Iterator[str]:
    lines = (ROOT / path).read_text(encoding="utf-8").count("\n")
    if lines > MAX_LINES:
        yield f"{lines} lines, at most {MAX_LINES}"


class Rule(NamedTuple):
    folder: str
    find: Callable[[str, ast.Module], Iterator[str]]
    breaches: tuple[tuple[str, str], ...]


RULES = (
    Rule(
        "gtmsim",
        numba_outside_core,
        (
            ("gtmsim/plan.py", "import numba"),
            ("gtmsim/fit/tails.py", "def f():\n    from numba import njit"),
            ("gtmsim/core.py", "import numba.core.types"),
            ("gtmsim/plan.py", "import importlib\nimportlib.import_module('numba')"),
        ),
    ),
    Rule(
        "gtmsim",
        core_reaching_out,
        (
            ("gtmsim/core/sales.py", "import pandas as pd"),
            ("gtmsim/core/sales.py", "def f():\n    from scipy import special"),
            ("gtmsim/core/sales.py", "from gtmsim.plan import Plan"),
            ("gtmsim/core/sales.py", "from gtmsim import errors"),
            ("gtmsim/core/sales.py", "from .. import errors"),
        ),
    ),
    Rule(
        "gtmsim",
        matplotlib_outside_plots,
        (
            ("gtmsim/cli.py", "def f():\n    import matplotlib.pyplot as plt"),
            ("gtmsim/report/plots.py", "from matplotlib import pyplot"),
        ),
    ),
    Rule(
        "gtmsim",
        run_time_code,
        (
            ("gtmsim/plan.py", "exec('x = 1')"),
            ("gtmsim/plan.py", "def f():\n    return eval('1')"),
            ("gtmsim/plan.py", "import builtins\nbuiltins.eval('1')"),
        ),
    ),
    Rule(
        "gtmsim",
        undocumented,
        (
            ("gtmsim/plan.py", "x = 1"),
            ("gtmsim/plan.py", '"""Doc."""\ndef f(): pass'),
            ("gtmsim/plan.py", '"""Doc."""\nclass A: pass'),
            ("gtmsim/plan.py", '"""Doc."""\nclass A:\n    """Doc."""\n    def f(self): pass'),
            ("gtmsim/plan.py", '"""Doc."""\nif True:\n    def f(): pass'),
        ),
    ),
    Rule(
        "gtmsim",
        unsorted_all,
        (
            ("gtmsim/__init__.py", "__all__ = ['b', 'a']"),
            ("gtmsim/plan.py", "__all__: list[str] = ['a', 'a']"),
        ),
    ),
    Rule(
        "gtmsim",
        unlisted_names,
        (
            ("gtmsim/__init__.py", "from gtmsim.plan import nobody_lists_this"),
            ("gtmsim/__init__.py", "if True:\n    from gtmsim.plan import Plan as Unlisted"),
        ),
    ),
    Rule(
        "tests",
        clock_readings,
        (
            ("tests/test_a.py", "import time\ndef test():\n    assert time.perf_counter() < 1"),
            ("tests/test_a.py", "from time import monotonic_ns"),
            ("tests/test_a.py", "import time as t"),
            ("tests/test_a.py", "import timeit"),
        ),
    ),
)


def offences(rule: Rule) -> list[str]:
    files = sorted((ROOT / rule.folder).rglob("*.py"))
    assert files, f"no Python file under {rule.folder}"
    return [
        f"{path}: {offence}"
        for path in (file.relative_to(ROOT).as_posix() for file in files)
        for offence in rule.find(path, ast.parse((ROOT / path).read_text(encoding="utf-8")))
    ]


def name_of(rule: Rule) -> str:
    return rule.find.__name__


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_rule_is_kept(rule: Rule) -> None:
    assert offences(rule) == []


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_breach_is_seen(rule: Rule) -> None:
    for path, source in rule.breaches:
        assert [*rule.find(path, ast.parse(source))], f"unseen in {path}: {source}"


@pytest.mark.parametrize("folder", ["gtmsim", "tests"])
def test_no_file_is_too_long(folder: str) -> None:
    assert offences(Rule(folder, too_long, ())) == []


def test_a_long_file_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "gtmsim").mkdir()
    file = tmp_path / "gtmsim" / "plan.py"
    rule = Rule("gtmsim", too_long, ())
    file.write_text("x = 1\n" * MAX_LINES)
    assert offences(rule) == []
    file.write_text("x = 1\n" * (MAX_LINES + 1))
    assert offences(rule) == [f"gtmsim/plan.py: {MAX_LINES + 1} lines, at most {MAX_LINES}"]


def test_every_listed_name_exists() -> None:
    assert gtmsim.__all__
    assert [name for name in gtmsim.__all__ if not hasattr(gtmsim, name)] == []
    assert set(gtmsim.__all__) <= set(dir(gtmsim))


def loaded_by(statement: str, *modules: str) -> set[str]:
    """Return which of the modules a fresh interpreter has loaded after the statement."""
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(modules) & set(done.stdout.split())


def test_import_is_light() -> None:
    assert loaded_by("import gtmsim", "numba", "matplotlib", "scipy.stats") == set()
    assert loaded_by("import numba, matplotlib", "numba", "matplotlib") == {"numba", "matplotlib"}


SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
CONTRACTS = [contract["name"] for contract in SETTINGS["importlinter"]["contracts"]]


def lint_imports(folder: Path) -> tuple[int, list[str], str]:
    """Run the import contracts on a folder: exit code, names of the broken ones, the output."""
    code = "from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache", "--no-logo"],
        cwd=folder,
        env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    return done.returncode, [name for name in CONTRACTS if f"{name} BROKEN" in output], output


def test_import_contracts_are_kept() -> None:
    code, broken, output = lint_imports(ROOT)
    assert code == 0, output
    assert broken == []
    assert f"{len(CONTRACTS)} kept, 0 broken" in output


def test_broken_import_contracts_are_seen(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "gtmsim", tmp_path / "gtmsim", ignore=shutil.ignore_patterns("__pycache__")
    )
    breaches = {
        "core/philox.py": "import pandas\nimport gtmsim.stray",
        "stray.py": "import numba\nimport matplotlib\nimport gtmsim.core.philox",
    }
    for path, source in breaches.items():
        with (tmp_path / "gtmsim" / path).open("a") as file:
            file.write("\n" + source + "\n")
    code, broken, output = lint_imports(tmp_path)
    assert code == 1, output
    assert broken == CONTRACTS
    assert "- gtmsim.stray" in output, "a module without a layer"
