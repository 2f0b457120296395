"""Pytest runs every test, and nothing but the markers decides which of them run on the locked releases."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from packaging.version import InvalidVersion, Version

from scripts.catalogue.answers import load
from scripts.catalogue.files.explain import line_of
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import remembered
from scripts.releases.lock import read_lock
from scripts.releases.release_sets import PYTHONS
from scripts.validation.parsed import FUNCTIONS, parse
from scripts.validation.rules import files, read, rule

TEST_FILE = re.compile(r"snippets/[^/]+/([^/]+/)*(test_\w+|conftest)\.py")
# What pytest looks for by its name, beside tests and fixtures.
HOOK = re.compile(r"pytest_\w+|collect_ignore\w*|pytestmark|__test__")


def test_files(root: Path) -> Iterator[str]:
    """Yield the test files of the snippets, and the conftest files of topics and answers."""
    return (name for name in files(root, "snippets", suffix=".py") if TEST_FILE.fullmatch(name))


def defined(node: ast.AST) -> str:
    """Return the name that a node defines, sets or deletes, or nothing."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name
        case ast.alias():
            return node.asname or node.name
        case ast.Name(id=name) | ast.Attribute(attr=name) if not isinstance(node.ctx, ast.Load):
            return name
    return ""


@remembered
def uncollected(source: str) -> list[tuple[int, str, str]]:
    """Return line, fault and remedy of all in a test file that keeps pytest from running a test."""
    module = parse(source)
    nodes = list(ast.walk(module))
    used = {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in nodes
        if isinstance(node, ast.Name | ast.Attribute)
    }
    methods = {id(part) for node in nodes if isinstance(node, ast.ClassDef) for part in node.body}
    found = []
    for node in nodes:
        name, fault = defined(node), ""
        if HOOK.fullmatch(name):
            fault = f"`{name}` changes which tests run, or what comes of them"
            remedy = "Delete it: the files of a topic define fixtures, helpers and tests."
        elif name.startswith("test_") and (
            not isinstance(node, FUNCTIONS) or node not in module.body
        ):
            fault, remedy = (
                f"pytest does not run {name} as it stands here",
                "Write a function at the top level.",
            )
        elif name.startswith("test_") and isinstance(node, ast.AsyncFunctionDef):
            fault = f"pytest does not await {name}"
            remedy = "Write `def`, and call what is awaited with `asyncio.run`."
        elif isinstance(node, FUNCTIONS) and not (
            name.startswith("test_") or node.decorator_list or id(node) in methods or name in used
        ):
            fault, remedy = (
                f"{name} is no test, and nothing calls it",
                "Name it test_…, call it, or delete it.",
            )
        if fault:
            found.append((getattr(node, "lineno", 1), fault, remedy))
    return found


@rule("Tests")
def pytest_runs_every_test(root: Path) -> Iterator[Problem]:
    for name in test_files(root):
        for line, fault, remedy in uncollected(read(root, name)):
            if not (name.endswith("conftest.py") and "nothing calls it" in fault):
                yield Problem(name, line, fault, remedy)


@remembered
def releases(source: str) -> list[tuple[int, str, str]]:
    """Return line, package and version of each ``since`` and ``older`` of a test file."""
    found = []
    for node in ast.walk(parse(source if "since" in source or "older" in source else "")):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if name == "pytest.mark.since":
            asked = [(str(word.arg), word.value) for word in node.keywords]
        elif name == "older" and len(node.args) == 2:
            asked = [(ast.unparse(node.args[0]).strip("'"), node.args[1])]
        else:
            continue
        found += [(node.lineno, package, ast.unparse(it).strip("'")) for package, it in asked]
    return found


@rule("Other releases")
def everything_runs_on_the_locked_releases(root: Path) -> Iterator[Problem]:
    needed: list[tuple[str, int, str, str]] = [
        (page.file, 0, package, version)
        for page in load(root).answers.values()
        for package, version in page.meta.since.items()
    ]
    for name in test_files(root):
        needed += [(name, *asked) for asked in releases(read(root, name))]
    locked = read_lock(root).versions | {"python": f"{PYTHONS[-1]}.99"}
    for file, line, package, version in needed:
        fault = remedy = ""
        try:
            if Version(version) > Version(locked[package]):
                fault = f"no test runs on {package} {version}, newer than all that is checked"
                remedy = "Name the release that it came with."
        except (InvalidVersion, KeyError):
            fault, remedy = (
                f"{package} {version!r} is no release",
                'Write it like fastapi="0.118.0".',
            )
        if fault:
            line = line or line_of(read(root, file), ["since", package])
            yield Problem(file, line, fault, remedy)


@rule("Other releases")
def every_release_that_a_test_asks_for_is_told(root: Path) -> Iterator[Problem]:
    pages = {page.snippets: page.file for page in load(root).answers.values()}
    for name in test_files(root):
        if not (page := pages.get("/".join(name.split("/")[:3]))):
            continue
        text = read(root, page)
        for line, package, version in releases(read(root, name)):
            if not re.search(rf"(?<![\d.]){re.escape(version)}(?!\.?\d)", text):
                fault = f"{page} does not tell of {package} {version}"
                yield Problem(name, line, fault, "Say under `## What changed` what it brought.")
