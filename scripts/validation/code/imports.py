"""An import only defines things, and what is imported stays as it is for all that runs later."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import remembered
from scripts.catalogue.names import is_test, is_wrong
from scripts.validation.parsed import FUNCTIONS, parse
from scripts.validation.rules import files, read, rule

# What sets up a whole process, and is shown where a program begins.
SETS_UP = re.compile(r"logging\.\w.*|faulthandler\.enable|(django\.)?setup|\w*settings\.configure")
# What a run of the tests compares itself (tests/proving/state.py).
SEEN_IN_RUNS = {("os", "environ"), ("sys", "modules"), ("sys", "path")}


def own_files(root: Path) -> Iterator[str]:
    """Yield the Python files of topics and answers."""
    return (name for name in files(root, "snippets", suffix=".py") if name.count("/") > 1)


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run when a file is imported, those in blocks too."""
    for node in body:
        if not (isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)):
            yield node
            for block in ("body", "orelse", "finalbody") if not hasattr(node, "name") else ():
                yield from statements(getattr(node, block, []))


def path_of(node: ast.expr) -> list[str]:
    """Return the parts of an expression such as ``app.state.pool`` or ``rows[0].id``."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute | ast.Subscript):
        parts.append(node.attr if isinstance(node, ast.Attribute) else "[]")
        node = node.value
    return [node.id if isinstance(node, ast.Name) else "", *reversed(parts)]


@remembered
def calls_at_import(source: str) -> list[tuple[int, str]]:
    """Return line and text of each call at the top level of a file whose result nothing, or ``with``, takes.

    What the file itself has made may be told more, as ``app.include_router(orders)``.
    """
    module = parse(source)
    nodes = [*ast.walk(module)]
    made = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    made |= {n.name for n in nodes if isinstance(n, (ast.ClassDef, *FUNCTIONS))}
    opened = [
        (node.lineno, ast.unparse(node.items[0].context_expr))
        for node in statements(module.body)
        if isinstance(node, ast.With | ast.AsyncWith)
    ]
    return opened + [
        (node.lineno, call)
        for node in statements(module.body)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        if path_of(node.value.func)[0] not in made
        if not SETS_UP.fullmatch(call := ast.unparse(node.value.func))
    ]


@rule("Code")
def an_import_only_defines_things(root: Path) -> Iterator[Problem]:
    for name in own_files(root):
        if not is_wrong(name) and not name.endswith("/migrations/env.py"):  # Alembic runs it
            for line, call in calls_at_import(read(root, name)):
                remedy = "Call it in a function, or in the lifespan."
                yield Problem(name, line, f"the import calls {call}", remedy)


@remembered
def replaced(source: str) -> list[tuple[int, str, str, bool]]:
    """Return line, target and origin of assignments to parts of what is imported, and whether of a class."""
    module = parse(source)
    origin: dict[str, str] = {}  # a module ends with a dot
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            origin |= {(a.asname or a.name).split(".")[0]: f"{a.name}." for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            end = "." if re.fullmatch(r"snippets\.\w+\.\w+", node.module or "") else ""
            origin |= {a.asname or a.name: f"{node.module}.{a.name}{end}" for a in node.names}
    found = []
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            name, *parts = path_of(node)
            of = origin.get(name, "")
            shown = of.startswith("snippets.")
            of_class = not shown and any(part[:1].isupper() for part in [name, *parts[:-1]])
            changes = of_class or (of.endswith(".") and (len(parts) == 1 or not shown))
            if of and changes and (name, parts[0]) not in SEEN_IN_RUNS:
                found.append((node.lineno, ast.unparse(node), of.strip("."), of_class))
    return found


@rule("Tests")
def what_is_imported_stays_as_it_is(root: Path) -> Iterator[Problem]:
    for name in own_files(root):
        for line, target, of, of_class in replaced(read(root, name)):
            if is_test(name) or of_class:  # a program may set what its libraries ask for
                fault = f"{target} changes {of} for all that runs later"
                remedy = (
                    "Use `monkeypatch`, which undoes it."
                    if is_test(name)
                    else "Write one of your own."
                )
                yield Problem(name, line, fault, remedy)
