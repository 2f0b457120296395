"""An assertion can fail: it compares two things, and no test ends the run before it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import remembered
from scripts.validation.code.proofs import parse, test_files
from scripts.validation.rules import read, rule

ENDS = {"os._exit", "os.abort"}  # what ends the process, so that no later test fails
RAISES = {"pytest.raises", "raises"}


def always_holds(node: ast.Compare) -> bool:
    """Tell whether a comparison is one of a thing with itself, or of a length that is at least nothing.

    Two calls may differ, and a test may show that they do not. Ruff refuses a name beside itself.
    """
    right = node.comparators[0]
    called = any(isinstance(part, ast.Call) for part in ast.walk(node.left))
    called = called or isinstance(node.left, ast.Name | ast.Constant)
    same = isinstance(node.ops[0], ast.Eq | ast.Is | ast.LtE | ast.GtE)
    if same and not called and ast.dump(node.left) == ast.dump(right):
        return True
    length = isinstance(node.left, ast.Call) and ast.unparse(node.left.func) == "len"
    zero = isinstance(right, ast.Constant) and right.value == 0
    return length and zero and isinstance(node.ops[0], ast.GtE)


def raises_itself(node: ast.With) -> bool:
    """Tell whether what has to raise is nothing but an ``assert`` or ``raise`` of the test."""
    call = node.items[0].context_expr
    return (
        len(node.items) == 1
        and isinstance(call, ast.Call)
        and ast.unparse(call.func) in RAISES
        and all(isinstance(part, ast.Assert | ast.Raise) for part in node.body)
    )


@remembered
def empty_proofs(source: str) -> list[tuple[int, str, str]]:
    """Return line, fault and remedy of each assertion of a test file that cannot fail."""
    found: list[tuple[int, str, str]] = []
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.Assert):
            for part in ast.walk(node.test):
                if isinstance(part, ast.Compare) and len(part.ops) == 1 and always_holds(part):
                    fault = f"{ast.unparse(part)} holds whatever the code does"
                    found.append((node.lineno, fault, "Compare with what it has to be."))
        elif isinstance(node, ast.With) and raises_itself(node):
            remedy = "Call the code that has to raise."
            found.append((node.lineno, "the test itself raises what it expects", remedy))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ENDS:
            fault = f"{ast.unparse(node.func)} ends the run before the other tests"
            found.append((node.lineno, fault, "Run it in a process of its own."))
    return found


@rule("Tests")
def every_assertion_can_fail(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        for name, _ in test_files(root, page):
            for line, fault, remedy in empty_proofs(read(root, name)):
                yield Problem(name, line, fault, remedy)
