"""An assertion can fail: it compares what the code gives, and no test ends the run before it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import remembered
from scripts.validation.code.imports import path_of
from scripts.validation.parsed import parse
from scripts.validation.proofs.known import is_known, known_in
from scripts.validation.proofs.tested import functions, test_files
from scripts.validation.rules import read, rule

ENDS = {"os._exit", "os.abort"}  # what ends the process, so that no later test fails
RAISES = {"pytest.raises", "raises"}
EMPTY = r"(b?''|\[\]|\(\)|\{\}|(set|list|dict|tuple|str)\(\))"
# What holds of each text or set, since nothing is part of all.
HOLDS_OF_ALL = re.compile(
    rf"b?'' in .+|.+\.(startswith|endswith|count|issuperset|find|index)\({EMPTY}.*\)|{EMPTY} <= .+"
    rf"|.+ >= {EMPTY}|{EMPTY}\.issubset\(.+|all\({EMPTY}\)"
    r"|.+\.status_code (>= (1?\d\d|200)|> 1?\d\d|<=? [6-9]\d\d|!= ([6-9]\d\d|\d\d))"
    r"|re\.(match|search|fullmatch|findall)\('(\^|\$|\.\*|\(\?s\))*', .+",
    re.S,
)
STANDS_IN = re.compile(r"(\w+\.)*(\w*(?<!Non)Mock|create_autospec|SimpleNamespace)")
OF_MOCK = re.compile(r"assert_\w+|attach_mock|configure_mock|reset_mock|mock_add_spec")


def always_holds(node: ast.Compare | ast.Call, called_names: set[str]) -> bool:
    """Tell whether a comparison is one of a thing with itself, or with nothing.

    Calls of ``called_names`` may differ, and a test may show that they do not; Ruff sees two names.
    """
    if isinstance(node, ast.Call) or len(node.ops) > 1 or HOLDS_OF_ALL.fullmatch(ast.unparse(node)):
        return bool(HOLDS_OF_ALL.fullmatch(ast.unparse(node)))
    right = node.comparators[0]
    parts = [part for part in ast.walk(node.left) if isinstance(part, ast.Name)]
    called = any(isinstance(part, ast.Call) for part in ast.walk(node.left))
    called = called and any(part.id in called_names for part in parts)
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


def leaves_out(call: ast.Call) -> bool:
    """Tell whether a call of ``all`` looks at a part alone, which may be nothing."""
    parts = [part for part in call.args if isinstance(part, ast.GeneratorExp)]
    return any(loop.ifs for part in parts for loop in part.generators)


def known_before(module: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Yield line, fault and remedy of what a test compares or records that no run of the code can change."""
    for function, known in known_in(module):
        for node in ast.walk(function):
            fault, remedy = "", "Record what the code gives."
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Name | ast.Constant):
                if is_known(node.test, known):
                    fault = f"{ast.unparse(node.test)} is known before the code runs"
                    remedy = "Compare what the code gives."
            elif isinstance(node, ast.Call) and name == "recorded":
                if any(is_known(argument, known) for argument in node.args[1:]):
                    fault = "the recorded text is typed by hand"
            elif isinstance(node, ast.Call) and name == "all" and leaves_out(node):
                fault = f"{ast.unparse(node)} holds where nothing is left to look at"
                remedy = "Compare the whole list with what it has to be."
            if fault and isinstance(node, ast.expr | ast.stmt):
                yield node.lineno, fault, remedy


def tries_its_own(function: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yield where a test asks what it put in place of the shown application, or a mock that it made."""
    mocks = {
        ast.unparse(node.targets[0])
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if STANDS_IN.fullmatch(ast.unparse(node.value.func))
    }
    put = {
        f"{ast.unparse(node.args[0])}.app": node.lineno
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and len(node.args) == 3
        if ast.unparse(node.func).endswith("setattr") and ast.unparse(node.args[1]) == "'app'"
    }
    for node in ast.walk(function):
        path = path_of(node.func) if isinstance(node, ast.Call) else [""]
        if path[0] in mocks and not OF_MOCK.fullmatch(path[-1]):
            fault = f"the test asks {path[0]}, which it made itself"
            yield getattr(node, "lineno", 1), fault, "Ask the code that the page shows."
        if (
            isinstance(node, ast.Attribute)
            and put.get(ast.unparse(node), node.lineno) < node.lineno
        ):
            fault = f"the test replaced {ast.unparse(node)}, and asks its own"
            yield node.lineno, fault, "Ask the application that the page shows."


@remembered
def empty_proofs(source: str) -> list[tuple[int, str, str]]:
    """Return line, fault and remedy of each assertion of a test file that cannot fail."""
    module = parse(source)
    found = [*known_before(module)]
    for function in functions(module):
        found += tries_its_own(function)
    names = {
        getattr(node, "asname", "") or node.name.split(".")[0]
        for node in ast.walk(module)
        if isinstance(node, ast.alias | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Assert):
            for part in ast.walk(node.test):
                if isinstance(part, ast.Compare | ast.Call) and always_holds(part, names):
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
