"""Every claim is proved: snippets are tested, tests assert and wait for no luck, corrections name a test."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.catalogue.answers import AnswerPage, load
from scripts.catalogue.files.explain import line_of
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import once, remembered
from scripts.validation.code.blocks import RECORDED, snippets
from scripts.validation.parsed import FUNCTIONS, parse
from scripts.validation.rules import folder, read, rule

ASSERTIONS = re.compile(r"pytest\.(raises|warns)|recorded")
# Assertions that hold of whatever is there.
NO_PROOF = re.compile(  # what is known before the code runs is refused by every_assertion_can_fail
    r"(callable|hasattr)\(.*|\w+|.+ is not None|\S+\.(status_code|text|content|headers)", re.S
)


@remembered
def facts(source: str) -> dict[str, Any]:
    """Return what the rules ask of a test file: its tests, what it reaches, where it only waits."""
    module = parse(source)
    return {
        "tests": [(test.name, test.lineno, asserts(test)) for test in functions(module)],
        "words": sorted(set(words(module))),
        "sleeps": [(call.lineno, ast.unparse(call)) for call in sleeps(module)],
    }


@once
def tested(root: Path, name: str) -> dict[str, Any]:
    """Return what the test file ``name`` says."""
    return facts(read(root, name))


def test_files(root: Path, page: AnswerPage) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the test files of an answer with what they say."""
    for name in folder(root, page.snippets):
        if name.startswith(f"{page.snippets}/test_") and name.endswith(".py"):
            yield name, tested(root, name)


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the tests of a file."""
    for node in module.body:
        if isinstance(node, FUNCTIONS) and node.name.startswith("test_"):
            yield node


def words(module: ast.Module) -> Iterator[str]:
    """Yield what a test file can reach other files by: what it imports, and its texts."""
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom | ast.Import):
            yield from re.split(r"\W+", ast.unparse(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.split(r"[^\w-]+", node.value)
            yield from re.split(r"[^\w.-]+", node.value)


@rule("Tests")
def every_snippet_is_tested(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        test = f"{page.snippets}/test_{Path(page.snippets).name}.py"
        if not (root / test).is_file():
            yield Problem(page.file, 1, f"{test} does not exist", "Prove the page's claims there.")
            continue
        reached = {word for _, file in test_files(root, page) for word in file["words"]}
        for name in snippets(root, page):
            if (Path(name).name if name.endswith(RECORDED) else Path(name).stem) not in reached:
                remedy = f"Import it, or record it, in {test}."
                yield Problem(name, 1, "no test of its folder touches it", remedy)


@rule("Tests")
def every_proof_names_a_test_that_exists(root: Path) -> Iterator[Problem]:
    pages = load(root).answers.values()
    known = {
        f"{name}::{test}"
        for page in pages
        for name, file in test_files(root, page)
        for test, _, _ in file["tests"]
    }
    for page in pages:
        for number, correction in enumerate(page.meta.corrections):
            if correction.proof.startswith("snippets/") and correction.proof not in known:
                line = line_of(read(root, page.file), ["corrections", number, "proof"])
                fault = f"the proof {correction.proof} does not exist"
                yield Problem(page.file, line, fault, "Name a test of the snippets.")


def asserts(test: ast.AST) -> bool:
    """Tell whether a test compares something: that a thing is there, or is true somehow, is no comparison."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert) and not NO_PROOF.fullmatch(ast.unparse(node.test)):
            return True
        if isinstance(node, ast.Call) and ASSERTIONS.fullmatch(ast.unparse(node.func)):
            return True
    return False


@rule("Tests")
def every_test_of_a_snippet_asserts_something(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        for name, file in test_files(root, page):
            for test, line, is_proof in file["tests"]:
                if not is_proof:
                    remedy = "Assert what its name claims."
                    yield Problem(name, line, f"{test} asserts nothing", remedy)


def ends_early(loop: ast.For) -> bool:
    """Tell whether a loop ends as soon as it sees what it waits for."""
    return any(isinstance(part, ast.Return | ast.Break) for part in ast.walk(loop))


def sleeps(node: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls below ``node`` that wait for a fixed time; a loop that polls may do so."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.While) or (isinstance(child, ast.For) and ends_early(child)):
            continue
        if (
            isinstance(child, ast.Call)
            and re.fullmatch(r"(\w+\.)*sleep", ast.unparse(child.func))
            and child.args
            and isinstance(child.args[0], ast.Constant)
            and child.args[0].value != 0
        ):
            yield child
        yield from sleeps(child)


@rule("Tests")
def no_test_of_a_snippet_sleeps_to_be_right(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        for name, file in test_files(root, page):
            for line, call in file["sleeps"]:
                fault = f"the test waits for a fixed time: {call}"
                remedy = "Wait for what has to happen: an event, a thread's end, an answer."
                yield Problem(name, line, fault, remedy)
