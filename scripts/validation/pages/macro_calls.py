"""Pages call the macros that exist with plain values, and nothing else.

What stands in braces can reach all of Python. So it is looked at before the engine fills in a page.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from scripts.catalogue.files.problems import Problem
from scripts.pages.calls import fault_of, macros, values
from scripts.pages.macros import IN_ANSWERS
from scripts.validation.pages.markdown import blank, is_answer
from scripts.validation.rules import Stage, files, line_at, names, read, rule

FRONT_MATTER = re.compile(r"\A---\n.*?^---\n", re.M | re.S)
RAW = re.compile(r"\{% raw %\}.*?\{% endraw %\}", re.S)
# What the engine takes for its own: a value, a statement, a comment; without an end where the line has none.
SIGNS = re.compile(r"\{\{(?P<value>[^\n]*?)\}\}|\{%(?:[^\n]*?%\})?|\{#(?:[^\n]*?\})?|\{\{")
CALL = re.compile(r"\s*(?P<name>\w+)\((?P<arguments>.*)\)\s*")
# What may stand within a line; the other macros give blocks.
WITHIN = ("count", "published_file", "repository_file", "version")
# The pages that a macro is for, each of which calls it.
HOMES = {
    "answer_head": "answers",
    "answer_foot": "answers",
    "topic_answers": "the index of a topic",
    "all_answers": "docs/all.md",
    "corrections": "docs/corrections.md",
    "notes": "docs/questions.md",
    "path": "docs/paths.md",
    "review_code": "docs/review-your-code.md",
    "reviews": "docs/reviews.md",
    "topics": "docs/index.md",
}
AS_TEXT = "Write what is meant to be shown between {% raw %} and {% endraw %}, code in backquotes."


def kind_of(page: str) -> str:
    """Return what a page is: an answer, the index of a topic, or one of its kind."""
    return "answers" if is_answer(page) else "the index of a topic" if page.count("/") > 1 else page


def misplaced(page: str, name: str) -> str:
    """Return why the macro ``name`` cannot be called on ``page``, or nothing."""
    if is_answer(page) and name not in IN_ANSWERS:
        return f"the macro `{name}` is not for answers. They call {', '.join(IN_ANSWERS)}"
    home = HOMES.get(name, kind_of(page))
    return "" if home == kind_of(page) else f"the macro `{name}` is for {home} alone"


def refused(
    sign: re.Match[str], page: str, known: dict[str, Callable[..., Any]], root: Path
) -> tuple[str, str] | None:
    """Return what is wrong with what stands in braces, and what to do, or nothing."""
    if sign[0].startswith("{#"):
        is_id = re.fullmatch(r"\{#[a-z0-9-]+ *\}", sign[0])
        remedy = "Write an id as { #id }, with blanks." if is_id else "Delete it."
        return "`{#` begins a comment, which a page has not", remedy
    value = sign["value"] or ""
    if re.search(r"\A[-+]|[-+]\Z", value):
        return f"`{sign[0]:.40}` joins what stands around it", "Write it without `-` and `+`."
    call = CALL.fullmatch(value)
    if not call:
        ends = "" if value or sign[0].endswith("%}") else " that is closed on its line"
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
    module = known[name].__module__.replace(".", "/")
    if fault := fault_of(known[name], *arguments):
        remedy = f"Correct what it is called with; {module}.py says what it takes."
        return f"the macro `{name}` fails: {fault}", remedy
    if name == "repository_file" and arguments[0][0] not in names(root):
        return f"{arguments[0][0]} is no file of the repository", "Correct the name."
    return None


def without_spans(front: re.Match[str]) -> str:
    """Return the front matter with its code blanked: no macro is called there."""
    return re.sub(r"`[^`\n]*`", lambda code: blank(code[0]), front[0])


def out_of_place(sign: re.Match[str], text: str, above: set[str]) -> tuple[str, str] | None:
    """Return why a right call cannot stand where it does, and what to do, or nothing."""
    before = text[text.rfind("\n", 0, sign.start()) + 1 : sign.start()]
    if text.startswith("---\n") and sign.start() < text.find("\n---\n", 3):
        return "no macro is called in the front matter", "Write the text out."
    if before.startswith("#") and sign["value"]:
        return "a macro in a heading would change its address", "Write the text out."
    if before.endswith("]("):
        return "a macro cannot be the target of a link", "Link to a file, or an address."
    call = CALL.fullmatch(sign["value"] or "")
    if not call or call["name"] in WITHIN:
        return None
    if sign[0] in above:
        return f"`{sign[0]}` stands there twice", "Delete one."
    if before or not re.match(r" *(\n\s*\n|\s*\Z)", text[sign.end() :]):
        return f"`{sign[0]:.40}` gives a block", "Let it stand alone, between blank lines."
    return None


@rule("The page", Stage.PARTS)
def macros_of_a_page_can_be_called(root: Path) -> Iterator[Problem]:
    known = macros()
    for name in files(root, "docs", suffix=".md"):
        text = FRONT_MATTER.sub(without_spans, read(root, name))
        text = RAW.sub(lambda found: blank(found[0]), text)
        told: set[int] = set()
        above: set[str] = set()
        for sign in SIGNS.finditer(text):
            line = line_at(text, sign.start())
            if line in told:
                continue
            if sign[0] == "{% raw %}":
                fault, remedy = "`{% raw %}` is not closed", "Write {% endraw %} where it ends."
                yield Problem(name, line, fault, remedy)
                break
            found = refused(sign, name, known, root) or out_of_place(sign, text, above)
            above.add(sign[0])
            if found:
                told.add(line)
                yield Problem(name, line, *found)
        for macro, home in {} if told or is_answer(name) else HOMES.items():
            if home == kind_of(name) and f"{{{{ {macro}(" not in text:
                line = line_at(text, text.find("\n# ") + 1)
                fault = f"the page does not call `{macro}`, which gives its list"
                yield Problem(name, line, fault, f"Write {{{{ {macro}(…) }}}} where that belongs.")
