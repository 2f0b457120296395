"""Each ``assert`` and each record of a test file has held at least once when all of its tests have passed."""

import ast
import functools
from collections import Counter
from pathlib import Path

import pytest

from scripts.catalogue.files.problems import Problem
from tests.proving.watching import Now, name_of

BY_RELEASE = ("older(", "sys.version_info", "sys.platform")  # one side alone runs
Key = tuple[Path, str]
expected: Counter[Key] = Counter()
"""How many tests a function of a file gives, and under no name how many the file gives."""
passed: Counter[Key] = Counter()
held: set[tuple[Path, int]] = set()
"""The lines of assertions that have held in a test of a file, and of what was recorded."""


def statements(nodes: list[ast.stmt]) -> list[ast.expr | ast.stmt]:
    """Return the assertions of a function; those of functions and classes in it may be there to fail."""
    found: list[ast.expr | ast.stmt] = [node for node in nodes if isinstance(node, ast.Assert)]
    for node in nodes:
        if isinstance(node, ast.Expr):
            calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
            found += [call for call in calls if ast.unparse(call.func) == "recorded"]
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for name in ("body", "orelse", "finalbody", "handlers", "cases"):
                found += statements(getattr(node, name, []))
    return found


@functools.cache
def assertions(path: Path) -> dict[str, list[int]]:
    """Return the lines of the assertions of a file by the test that they stand in; others under no name."""
    found: dict[str, list[int]] = {"": []}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            owner = node.name if node.name.startswith("test_") else ""
            found.setdefault(owner, [])
            if not any(sign in ast.unparse(node) for sign in BY_RELEASE):
                found[owner] += [part.lineno for part in statements(node.body)]
    return found


def keys(item: pytest.Item) -> list[Key]:
    """Return what a test belongs to: its function and its file."""
    return [(item.path, str(getattr(item, "originalname", item.name))), (item.path, "")]


def collected(items: list[pytest.Item]) -> None:
    """Note which tests the files give, before any are deselected."""
    expected.clear()
    for item in items:
        expected.update(keys(item))


def pytest_assertion_pass(item: pytest.Item, lineno: int) -> None:
    """Count an assertion that held."""
    Now.assertions += 1
    held.add((item.path, lineno))


def never_held(item: pytest.Item) -> str:
    """Return what is wrong with the assertions of a test that has passed: those that no test has met."""
    passed.update(keys(item))
    if any("[" in argument for argument in item.config.args) or item.config.getoption("lf", False):
        return ""  # a part of the tests of a function
    lines = assertions(item.path)
    given = {name for path, name in expected if path == item.path}
    remedy = "Delete it, or let a test reach it."
    return "\n".join(
        str(Problem(name_of(path), line, "no test met this assertion", remedy, "Tests"))
        for path, name in keys(item)
        if passed[path, name] == expected[path, name] and (name or given >= lines.keys())
        for line in lines.get(name, [])
        if (path, line) not in held
    )
