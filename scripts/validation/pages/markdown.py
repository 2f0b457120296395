"""What a page may hold: the parts of an answer, what its Markdown version knows, and no link that does harm.

That the Markdown is well formed (links, anchors, heading levels, alternative texts, lists) is checked by
`rumdl` (`scripts/authors/linters.py`); what would run in the built pages, by
`scripts/publish/security_policy.py`.
"""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import once, remembered
from scripts.validation.code.blocks import fenced
from scripts.validation.rules import Stage, files, line_at, read, rule

SCHEMES = ("https", "mailto")
# Code between backquotes, within one paragraph; and an address in angle brackets, which is no element.
CODE_SPAN = re.compile(
    r"(?<!`)(`+)(?!`)(?:(?!\n[ \t]*\n)[^`]|(?!\1(?!`))`)+?(?<!`)\1(?!`)|<https://[^>\s]+>"
)
TAG = re.compile(r"""</?[a-zA-Z](?:"[^"]*"|'[^']*'|[^'">])*>""")
TARGET = re.compile(
    r"(?P<image>!?)\[[^\]]*\]\(\s*<?(?P<target>[^\s)>]*)|^ *\[[^\]^]+\]:\s*<?(?P<reference>\S+)",
    re.M,
)
INWARD = re.compile(r"(?:[\w./-]+\.(?:md|svg|png))?(?:#[\w.-]+)?|(?:https|mailto):.*")
HEAD = re.compile(r"# [^\n]+\n\n\{\{ answer_head\(\) \}\}\n")


WITHIN = re.compile(r"\{:? ?[#.][\w-][^}\n]*\}(?![ \t]*$)", re.M)
# What the engine knows and no other reader of Markdown does (scripts/publish/programs/answer_markdown.py).
UNKNOWN = {
    re.compile(r"^ *(?:!!!|\?\?\?\+?) ", re.M): (
        "admonition",
        "Write a paragraph that begins in bold, like `**Note:**`, or a heading.",
    ),
    re.compile(r"^ *=== ", re.M): ("tab", "Write a heading for each, or a list."),
    WITHIN: (
        "attributes within a line",
        "Give them to a heading or a paragraph, at the end of its line.",
    ),
    re.compile(r"""\S[ \t]*</?div\b|</?div\b(?:"[^"\n]*"|'[^'\n]*'|[^"'>\n])*>[ \t]*\S"""): (
        "<div> within a line",
        "Let it stand on a line of its own.",
    ),
}


def is_answer(name: str) -> bool:
    """Tell whether a page is an answer, by its place."""
    return name.count("/") > 1 and not name.endswith("/index.md")


def blank(text: str) -> str:
    """Return ``text`` of the same length and lines without anything in it."""
    return re.sub(r"[^\n]", " ", text)


@remembered
def blanked(text: str) -> str:
    """Return a page with code and other wordings blanked, the parts that are shown as they stand."""
    lines = text.split("\n")
    for block in fenced(text.splitlines()):
        for number in range(block.line - 1, min(block.line + len(block.body) + 1, len(lines))):
            lines[number] = blank(lines[number])
    text = "\n".join(lines)
    text = re.sub(r"^asked_as:\n(?:  .*\n)+", lambda found: blank(found[0]), text, flags=re.M)
    return CODE_SPAN.sub(lambda found: blank(found[0]), text)


@once
def without_code(root: Path, name: str) -> str:
    """Return a page with code and other wordings blanked."""
    return blanked(read(root, name))


def forbidden_scheme(target: str) -> str:
    """Return the scheme of an address that a page may not link to, or nothing."""
    target = re.sub(r"[\x00-\x20]", "", html.unescape(target))
    scheme, colon, _ = target.partition(":")
    is_scheme = colon and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme)
    return scheme if is_scheme and scheme.lower() not in SCHEMES else ""


@rule("The page", Stage.PARTS)
def an_answer_holds_what_its_markdown_version_knows(root: Path) -> Iterator[Problem]:
    for name in filter(is_answer, files(root, "docs", suffix=".md")):
        text = without_code(root, name)
        for pattern, (what, remedy) in UNKNOWN.items():
            fault = f"the Markdown version of an answer knows no {what}"
            # A box is opened and closed in one line: one fault.
            for line in sorted({line_at(text, found.start()) for found in pattern.finditer(text)}):
                yield Problem(name, line, fault, remedy)


@rule("The page")
def links_and_images_of_a_page_are_harmless(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs", suffix=".md"):
        text = without_code(root, name)
        for found in TARGET.finditer(text):
            line = line_at(text, found.start())
            target = found["target"] or found["reference"] or ""
            if scheme := forbidden_scheme(target):
                remedy = "Link to a page of the site, or to an https address."
                yield Problem(name, line, f"the link leads to `{scheme}:`", remedy)
            elif found["image"] and re.match(r"(\w+:)?//", target):
                remedy = "Put the image into docs/assets: a page asks no other host for anything."
                yield Problem(name, line, "the image lies on another host", remedy)
            elif not INWARD.fullmatch(target) or target.startswith("/"):
                remedy = "Link to the file of a page, like `await.md` or `../testing/testing.md`."
                yield Problem(name, line, f"the link leads to no page: `{target}`", remedy)
            elif target.partition("#")[0] == Path(name).name:
                remedy = "Delete it, or name the heading alone: `#heading`."
                yield Problem(name, line, "the page links to itself", remedy)


@rule("The page")
def every_answer_has_its_head_and_its_foot(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        text = read(root, page.file)
        front, body = text.split("\n---\n", 1)
        if not HEAD.match(body.lstrip()):
            line = line_at(text, text.index("\n# ", len(front)) + 1)
            remedy = "Write `{{ answer_head() }}` right under the question."
            yield Problem(page.file, line, "the short answer is not shown", remedy)
        for macro in ("{{ answer_head() }}", "{{ answer_foot() }}"):
            if (at := text.rfind(macro)) != text.find(macro):
                fault = f"`{macro}` stands there twice"
                yield Problem(page.file, line_at(text, at), fault, "Delete it here.")
        if not body.rstrip().endswith("{{ answer_foot() }}"):
            remedy = "End the page with `{{ answer_foot() }}`."
            yield Problem(page.file, text.count("\n"), "the sources are not shown", remedy)
