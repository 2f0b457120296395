"""Tests do something of their own, and share neither what one of them fills nor the fixtures that prove."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import remembered
from scripts.validation.code.imports import path_of
from scripts.validation.parsed import FUNCTIONS, parse
from scripts.validation.proofs.collected import test_files
from scripts.validation.proofs.known import parametrized
from scripts.validation.proofs.tested import functions
from scripts.validation.rules import read, rule

# Fixtures of snippets/conftest.py that watch or compare, and those of pytest that undo.
GUARDS = {"_watched", "_logging_as_before", "older", "recorded", "nothing_left"}
GUARDS |= {"capsys", "monkeypatch", "request", "tmp_path"}
FILLS = {"add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem"}
FILLS |= {"put", "put_nowait", "remove", "reverse", "setdefault", "sort", "update"}
NAMED = re.compile(r"(?:name=|parametrize\([\[(]?)'([^']+)'")


@remembered
def hidden_guards(source: str) -> list[tuple[int, str]]:
    """Return line and name of each fixture or parameter of a file that hides one of ``GUARDS``."""
    return [
        (node.lineno, name)
        for node in parse(source).body
        if isinstance(node, FUNCTIONS)
        for name in (
            node.name,
            *re.findall(
                r"\w+", str(NAMED.findall(" ".join(map(ast.unparse, node.decorator_list))))
            ),
        )
        if name in GUARDS
    ]


@rule("Tests")
def no_fixture_hides_one_that_proves(root: Path) -> Iterator[Problem]:
    for name in test_files(root):
        for line, own in hidden_guards(read(root, name)):
            yield Problem(
                name, line, f"{own} hides the fixture that proves", "Give it another name."
            )


@remembered
def changed_globals(source: str) -> list[tuple[int, str]]:
    """Return line and name of each change of what several functions of a file share."""
    body = parse(source).body
    nodes = [
        part
        for node in body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for part in ast.walk(node)
    ]
    made = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    uses: list[str] = []
    changes: list[tuple[int, str]] = []
    for function in body:
        if isinstance(function, (*FUNCTIONS, ast.ClassDef)):
            parts = [*ast.walk(function)]
            named = [part for part in parts if isinstance(part, ast.Name)]
            own = made - {part.id for part in named if isinstance(part.ctx, ast.Store)}
            uses += own & {part.id for part in named}
            changes += [
                (part.lineno, path_of(part)[0])
                for part in parts
                if isinstance(part, ast.Attribute | ast.Subscript) and path_of(part)[0] in own
                if not isinstance(part.ctx, ast.Load) or getattr(part, "attr", "") in FILLS
            ]
    return [(line, name) for line, name in changes if uses.count(name) > 1]


@rule("Tests")
def no_test_changes_what_another_reads(root: Path) -> Iterator[Problem]:
    for name in test_files(root):
        for line, shared in changed_globals(read(root, name)):
            remedy = "Make it anew in each test, with a fixture or a function."
            yield Problem(name, line, f"a test changes {shared}, which others read", remedy)


@remembered
def idle_parts(source: str) -> list[tuple[int, str, str]]:
    """Return line, fault and remedy of tests that repeat others, and of parameters that they ignore."""
    found, first = [], dict[str, str]()
    for test in functions(parse(source)):
        body = "\n".join(map(ast.dump, [test.args, *test.decorator_list, *test.body]))
        if (other := first.setdefault(body, test.name)) != test.name:
            found.append((test.lineno, f"it does what {other} does", "Test what its name claims."))
        read_names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
        for call, names in parametrized(test):
            for name in (name for name in names if name not in read_names):
                fault = f"the test does not use its parameter {name}"
                found.append((call.lineno, fault, "Use it, or delete it."))
    return found


@rule("Tests")
def every_test_does_something_of_its_own(root: Path) -> Iterator[Problem]:
    for name in test_files(root):
        for fault in idle_parts(read(root, name)):
            yield Problem(name, *fault)
