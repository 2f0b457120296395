"""Pages call the macros that exist with plain values, and nothing else.

What stands in braces can reach all of Python. So it is looked at before the engine fills in a page.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from scripts.catalogue.files.problems import Problem
from scripts.pages.macros import IN_ANSWERS, define_env
from scripts.project import site_url
from scripts.validation.pages.markdown import blank, is_answer
from scripts.validation.rules import Stage, files, line_at, read, rule

FRONT_MATTER = re.compile(r"\A---\n.*?^---\n", re.M | re.S)
RAW = re.compile(r"\{% raw %\}.*?\{% endraw %\}", re.S)
# What the engine takes for its own: a value, a statement, a comment; without an end where the line has none.
SIGNS = re.compile(r"\{\{(?P<value>[^\n]*?)\}\}|\{%(?:[^\n]*?%\})?|\{#|\{\{")
CALL = re.compile(r"\s*(?P<name>\w+)\((?P<arguments>.*)\)\s*")
PLAIN = (str, int, list)
AS_TEXT = "Write what is meant to be shown between {% raw %} and {% endraw %}, code in backquotes."


def macros() -> dict[str, Callable[..., Any]]:
    """Return the macros that pages can call, by name."""
    found: dict[str, Callable[..., Any]] = {}
    env: Any = SimpleNamespace(
        conf={"extra": {}, "site_url": site_url()},
        page=None,
        macro=lambda function: found.setdefault(function.__name__, function),
    )
    define_env(env)
    return found


def values(arguments: str) -> tuple[list[Any], dict[str, Any]] | None:
    """Return the plain values of a call, by place and by name; none where it holds something else."""
    try:
        call = ast.parse(f"f({arguments})", mode="eval").body
        assert isinstance(call, ast.Call)
        placed = [ast.literal_eval(argument) for argument in call.args]
        named = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError, AssertionError):
        return None
    return (
        (placed, named) if all(isinstance(v, PLAIN) for v in [*placed, *named.values()]) else None
    )


def fault_of(macro: Callable[..., Any], placed: list[Any], named: dict[str, Any]) -> str:
    """Return why a macro cannot be called like that, or nothing.

    A macro that takes no argument needs the page that is being rendered; only its arguments are compared.
    """
    try:
        inspect.signature(macro).bind(*placed, **named)
        if placed or named:
            macro(*placed, **named)
    except (LookupError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}".rstrip(".")
    return ""


def misplaced(page: str, name: str) -> str:
    """Return why the macro ``name`` cannot be called on ``page``, or nothing."""
    if is_answer(page) and name not in IN_ANSWERS:
        return f"the macro `{name}` is not for answers. They call {', '.join(IN_ANSWERS)}"
    if name in ("answer_head", "answer_foot") and not is_answer(page):
        return f"the macro `{name}` is for answers alone"
    if name == "topic_answers" and (is_answer(page) or not page.endswith("/index.md")):
        return f"the macro `{name}` is for the index of a topic alone"
    return ""


def refused(
    sign: re.Match[str], page: str, known: dict[str, Callable[..., Any]]
) -> tuple[str, str] | None:
    """Return what is wrong with what stands in braces, and what to do, or nothing."""
    if sign[0] == "{#":
        return "`{#` begins a comment, which hides the text", "Write an id as { #id }, with blanks."
    call = CALL.fullmatch(sign["value"] or "")
    if not call:
        ends = "" if sign["value"] or sign[0].endswith("%}") else " that is closed on its line"
        return f"`{sign[0]:.40}` is no call of a macro{ends}", AS_TEXT
    name, arguments = call["name"], values(call["arguments"])
    if name not in known:
        remedy = f"Macros of the pages: {', '.join(sorted(known))}. {AS_TEXT}"
        return f"there is no macro `{name}`", remedy
    if arguments is None:
        remedy = "Call it with texts, numbers or lists of them, written out."
        return f"the macro `{name}` is called with more than plain values", remedy
    if fault := misplaced(page, name):
        return fault, "Delete it here."
    if fault := fault_of(known[name], *arguments):
        remedy = "Correct what it is called with; scripts/pages/macros.py says what it takes."
        return f"the macro `{name}` fails: {fault}", remedy
    return None


def without_spans(front: re.Match[str]) -> str:
    """Return the front matter with its code blanked: no macro is called there."""
    return re.sub(r"`[^`\n]*`", lambda code: blank(code[0]), front[0])


def out_of_place(sign: re.Match[str], text: str, told: set[int | str]) -> tuple[str, str] | None:
    """Return why a right call cannot stand where it does, and what to do, or nothing."""
    before = text[text.rfind("\n", 0, sign.start()) + 1 : sign.start()]
    if text.startswith("---\n") and sign.start() < text.find("\n---\n", 3):
        return "no macro is called in the front matter", "Write the text out."
    if before.startswith("#") and sign["value"]:
        return "a macro in a heading would change its address", "Write the text out."
    if before.endswith("]("):
        return "a macro cannot be the target of a link", "Link to a file, or an address."
    if (sign["value"] or "").strip().endswith("()") and sign[0] in told:
        return f"`{sign[0]}` stands there twice", "Delete one."
    return None


@rule("The page", Stage.PARTS)
def macros_of_a_page_can_be_called(root: Path) -> Iterator[Problem]:
    known = macros()
    for name in files(root, "docs", suffix=".md"):
        text = FRONT_MATTER.sub(without_spans, read(root, name))
        text = RAW.sub(lambda found: blank(found[0]), text)
        told: set[int | str] = set()
        for sign in SIGNS.finditer(text):
            line = line_at(text, sign.start())
            if line in told:
                continue
            if sign[0] == "{% raw %}":
                fault, remedy = "`{% raw %}` is not closed", "Write {% endraw %} where it ends."
                yield Problem(name, line, fault, remedy)
                break
            found = out_of_place(sign, text, told) or refused(sign, name, known)
            told.add(sign[0])
            if found:
                told.add(line)
                yield Problem(name, line, *found)
