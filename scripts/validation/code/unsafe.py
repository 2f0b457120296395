"""Right code does nothing that ``data/unsafe.tsv`` lists: calls and settings that Ruff has no rule for.

A form is the text of a part of the code as Python prints it, with the names that its imports give: a call
(``async httpx2.get(url)`` in a coroutine), an argument (``jwt.encode.1='key'``, ``httpx2.get.timeout=None``),
a setting (``context.check_hostname=False``) or a comparison. A parameter begins with ``$``, and a text or
a place beside the code that a module calls by a name stands there itself. In a path operation a form stands
once more, behind ``route``. Of a file that is no Python each line is a form, behind ``text``.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import remembered
from scripts.catalogue.files.tables import pattern_of, read_rows
from scripts.rules.prove import is_right
from scripts.validation.code.blocks import RECORDED
from scripts.validation.parsed import FUNCTIONS, parse
from scripts.validation.rules import files, read, rule

UNSAFE = "data/unsafe.tsv"
ROUTE = re.compile(r"\w+\.(get|post|put|patch|delete|head|options|api_route|websocket)\(")
# What stands where a module calls it by a name: texts, numbers, and places beside the code.
KNOWN = re.compile(r"b?['\"\d]|[\w.]*\bPath\(__file__\)")
TEXT = r"b?(?:'[^'\n]*'|\"[^\"\n]*\")"
Node = TypeVar("Node", bound=ast.AST)


class Forms(ast.NodeTransformer):
    """Gathers the forms of a module, each with its line."""

    def __init__(self, module: ast.Module) -> None:
        """Read what its names stand for, then all of it."""
        self.found: list[tuple[int, str]] = []
        self.scopes: list[tuple[set[str], bool, bool]] = [(set(), False, False)]
        self.names: dict[str, ast.expr] = {}
        for node in ast.walk(module):
            if isinstance(node, ast.Import | ast.ImportFrom):
                start = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
                for name in node.names:
                    self.names[name.asname or name.name] = ast.Name(f"{start}{name.name}")
        for node in module.body:
            if isinstance(node, ast.Assign) and KNOWN.match(ast.unparse(node.value)):
                self.names[ast.unparse(node.targets[0])] = node.value
        self.visit(module)

    def add(self, node: ast.AST, form: str) -> None:
        """Keep a form of ``node``."""
        line = getattr(node, "lineno", 1)
        self.found += [(line, form), (line, f"route {form}")][: 1 + self.scopes[-1][2]]

    def setting(self, node: ast.AST, name: str, value: ast.expr | None) -> None:
        """Keep what ``name`` is set to."""
        if value:
            self.add(value if hasattr(value, "lineno") else node, f"{name}={ast.unparse(value)}")

    def visit(self, node: Node) -> ast.AST:
        """Replace names first, since a form holds those of its parts."""
        if isinstance(node, FUNCTIONS):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            own = {argument.arg for argument in arguments} - {"self", "cls"}
            is_route = any(ROUTE.match(ast.unparse(part)) for part in node.decorator_list)
            is_async = isinstance(node, ast.AsyncFunctionDef)
            self.scopes.append((self.scopes[-1][0] | own, is_async, is_route))
        self.generic_visit(node)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.scopes.pop()
            case ast.Name(id=name, ctx=ast.Load()):
                is_own = name in self.scopes[-1][0]
                return ast.Name(f"${name}") if is_own else self.names.get(name, node)
            case ast.Call():
                name = ast.unparse(node.func)
                self.add(node, f"{'async ' * self.scopes[-1][1]}{ast.unparse(node)}")
                for number, value in enumerate(node.args):
                    self.setting(node, f"{name}.{number}", value)
                for word in node.keywords:
                    self.setting(node, f"{name}.{word.arg}", word.value)
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    self.setting(node, f".{getattr(key, 'value', '')}", value)
            case ast.Assign():
                self.setting(node, ast.unparse(node.targets[0]), node.value)
            case ast.AnnAssign() | ast.AugAssign():
                self.setting(node, ast.unparse(node.target), node.value)
            case ast.Compare(ops=[ast.Eq() | ast.NotEq() | ast.In()]):
                self.add(node, ast.unparse(node))
        return node


@remembered
def unsafe(table_and_source: str) -> list[tuple[int, str, str]]:
    """Return line, form and remedy of what a file does of the table before its kind and source."""
    table, kind, source = table_and_source.split("\0")
    rows = [line.split("\t") for line in table.splitlines()]
    texts = ((number, f"text {line}") for number, line in enumerate(source.splitlines(), 1))
    forms = Forms(parse(source)).found if kind == "py" else texts
    forms = sorted(forms, key=lambda found: len(found[1]))  # the part, not the whole
    found: dict[int, tuple[int, str, str]] = {}
    for pattern, remedy in rows:
        form_of_it = re.compile(pattern.replace("TEXT", TEXT))
        for line, form in forms:
            if form_of_it.fullmatch(form):
                found.setdefault(line, (line, form, remedy))
    return sorted(found.values())


@rule("Code")
def right_code_does_nothing_unsafe(root: Path) -> Iterator[Problem]:
    rows = read_rows(root, UNSAFE, columns=2)
    for row in rows:
        pattern_of(UNSAFE, row, row.cells[0])
    table = "\n".join("\t".join(row.cells) for row in rows)
    for name in files(root, "snippets"):
        if is_right(name) and not name.endswith(RECORDED):
            kind = name.rpartition(".")[2]
            for line, form, remedy in unsafe(f"{table}\0{kind}\0{read(root, name)}"):
                form = re.sub(r"^(route |text\s+|\.)", "", form)
                fault = f"{form!r:.70} does not stand in right code"
                yield Problem(name, line, fault, remedy)
