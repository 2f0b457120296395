"""A warning fails the test that it comes from: what a test leaves out it names, and for itself alone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import remembered
from scripts.validation.parsed import parse
from scripts.validation.proofs.collected import test_files
from scripts.validation.rules import read, rule

HIDES = re.compile(
    r"(warnings\.)?(filterwarnings|simplefilter|resetwarnings|showwarning|filters\.\w+)"
)
MARK = "pytest.mark.filterwarnings"


def caught(node: ast.AST) -> bool:
    """Tell whether a node undoes in the test itself what it does to the warnings; a fixture does not."""
    return (
        isinstance(node, ast.With)
        and any("catch_warnings(" in ast.unparse(item) for item in node.items)
        and not any(isinstance(part, ast.Yield) for part in ast.walk(node))
    )


@remembered
def hidden(source: str) -> list[tuple[int, str]]:
    """Return line and text of each call that hides warnings of more than is meant."""
    if "warning" not in source:
        return []
    nodes = list(ast.walk(parse(source)))
    own = {id(part) for node in nodes if caught(node) for part in ast.walk(node)}
    return [
        (node.lineno, ast.unparse(node))
        for node in nodes
        if isinstance(node, ast.Call)
        and (
            (HIDES.fullmatch(ast.unparse(node.func)) and id(node) not in own)
            or (ast.unparse(node.func) == MARK and re.search(r"'ignore:*'", ast.unparse(node)))
        )
    ]


@rule("Tests")
def no_test_hides_the_warnings_of_others(root: Path) -> Iterator[Problem]:
    for name in test_files(root):
        for line, call in hidden(read(root, name)):
            remedy = f'Name the warning, and the test: `@{MARK}("ignore:its text")`.'
            yield Problem(name, line, f"{call} hides what may be a fault", remedy)
