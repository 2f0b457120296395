"""What a test knows before the code runs: constants, and what is computed from them alone."""

import ast
import re
from collections.abc import Iterator

PURE = {"abs", "bool", "bytes", "dict", "float", "int", "isinstance", "len", "list", "max", "min"}
PURE |= {"range", "repr", "set", "sorted", "str", "sum", "tuple"}
LITERAL = (
    *(ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.UnaryOp, ast.BoolOp),
    *(ast.Compare, ast.IfExp, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Subscript, ast.Slice),
    *(ast.Call, ast.keyword, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context),
)
CHANGING = (ast.List, ast.Dict, ast.Set, ast.Call)
"""What other code may fill after it was assigned."""


def is_known(node: ast.expr, known: set[str]) -> bool:
    """Tell whether the value of ``node`` is known where those of the names ``known`` are."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            if part.id not in known | PURE:
                return False
        elif isinstance(part, ast.Attribute):
            if not isinstance(part.value, ast.Name):
                return False
        elif not isinstance(part, LITERAL):
            return False
    return True


def known_names(scope: ast.AST, outside: set[str]) -> set[str]:
    """Return the names that have a known value in ``scope``: each is only ever assigned such a value."""
    values: dict[str, list[ast.expr]] = {}
    bound: list[str] = []
    for node in ast.walk(scope):
        match node:
            case (
                ast.Assign(value=value, targets=[ast.Name(id=name)])
                | ast.AnnAssign(value=ast.expr() as value, target=ast.Name(id=name))
            ) if not isinstance(value, CHANGING):
                values.setdefault(name, []).append(value)
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                bound.append(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                bound += names
    known = outside - set(bound)
    only = {name: given for name, given in values.items() if bound.count(name) == len(given)}
    while new := {
        name
        for name, given in only.items()
        if name not in known and all(is_known(value, known) for value in given)
    }:
        known |= new
    return known


def parametrized(
    test: ast.FunctionDef | ast.AsyncFunctionDef,
) -> Iterator[tuple[ast.Call, list[str]]]:
    """Yield each decorator that gives a test parameters, with their names that stand in it."""
    for call in (node for node in test.decorator_list if isinstance(node, ast.Call)):
        if ast.unparse(call.func).endswith("parametrize"):
            parts = ast.walk(call.args[0]) if call.args else ()
            texts = (str(part.value) for part in parts if isinstance(part, ast.Constant))
            yield call, re.findall(r"\w+", " ".join(texts))


def parameters(test: ast.FunctionDef | ast.AsyncFunctionDef, known: set[str]) -> Iterator[str]:
    """Yield the parameters of a test whose values stand in its decorator."""
    for call, names in parametrized(test):
        if call.args[1:] and is_known(call.args[1], known):
            yield from names


def known_in(module: ast.Module) -> Iterator[tuple[ast.AST, set[str]]]:
    """Yield each function of a test file with the names that have a known value in it."""
    constants = [node for node in module.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    outside = known_names(ast.Module(list(constants), []), set())
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, known_names(node, outside) | set(parameters(node, outside))
