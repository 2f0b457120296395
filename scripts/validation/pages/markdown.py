"""What a page may hold: the parts of an answer, macros that exist, and no HTML, link or image that does harm.

That the Markdown is well formed (links, anchors, heading levels, alternative texts, lists) is checked by
`rumdl` in `test_linters.py`; what would run in the built pages, by `scripts/publish/security_policy.py`.
"""

import html
import inspect
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
from jinja2 import nodes

from scripts.catalogue.answers import load
from scripts.catalogue.problems import Problem
from scripts.catalogue.reading import once
from scripts.pages.macros import define_env
from scripts.project import site_url
from scripts.validation.code.blocks import blocks
from scripts.validation.rules import Stage, files, line_at, read, rule

# What a page may write as HTML: no element that loads, runs or asks for anything.
ELEMENTS = re.compile(
    "a|abbr|br|button|dd|details|div|dl|dt|em|kbd|li|ol|p|q|s|small|span|strong|sub|summary|sup|ul"
)
ATTRIBUTES = re.compile("class|data-[a-z-]+|hidden|href|id|lang|markdown|title|type")
SCHEMES = ("https", "mailto")
# Code between backquotes, within one paragraph; and an address in angle brackets, which is no element.
CODE_SPAN = re.compile(
    r"(?<!`)(`+)(?!`)(?:(?!\n[ \t]*\n)[^`]|(?!\1(?!`))`)+?(?<!`)\1(?!`)|<https://[^>\s]+>"
)
TARGET = re.compile(
    r"(?P<image>!?)\[[^\]]*\]\(\s*<?(?P<target>[^\s)>]*)|^ *\[[^\]^]+\]:\s*<?(?P<reference>\S+)",
    re.M,
)
ATTRIBUTE_LIST = re.compile(r"\{:?[^{}\n]*?\b(on\w+|style|src\w*|formaction)\s*=", re.I)
FRONT_MATTER = re.compile(r"\A---\n.*?^---\n", re.M | re.S)
HEAD = re.compile(r"# [^\n]+\n\n\{\{ answer_head\(\) \}\}\n")
VARIABLES = {"config"}  # of the macros plugin; more are not for pages


def blank(text: str) -> str:
    """Return ``text`` of the same length and lines without anything in it."""
    return re.sub(r"[^\n]", " ", text)


@once
def without_code(root: Path, name: str) -> str:
    """Return a page with code and other wordings blanked, the parts that are shown as they stand."""
    lines = read(root, name).split("\n")
    for block in blocks(root, name):
        for number in range(block.line - 1, min(block.line + len(block.body) + 1, len(lines))):
            lines[number] = blank(lines[number])
    text = "\n".join(lines)
    text = re.sub(r"^asked_as:\n(?:  .*\n)+", lambda found: blank(found[0]), text, flags=re.M)
    return CODE_SPAN.sub(lambda found: blank(found[0]), text)


class Elements(HTMLParser):
    """Collect the elements that a page writes as HTML, and say what is wrong with each."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__(convert_charrefs=False)
        self.faults: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that is not allowed, or its attributes and addresses that are not."""
        if not ELEMENTS.fullmatch(tag):
            self.faults.append((self.getpos()[0], f"the element <{tag}> is not allowed"))
            return
        for name, value in attrs:
            if not ATTRIBUTES.fullmatch(name):
                self.faults.append((self.getpos()[0], f"the attribute `{name}` is not allowed"))
            elif name == "href" and (scheme := forbidden_scheme(value or "")):
                self.faults.append((self.getpos()[0], f"the link leads to `{scheme}:`"))

    def handle_comment(self, data: str) -> None:
        """Note a comment: it would be published, and could switch a linter off."""
        self.faults.append((self.getpos()[0], "a comment is not allowed"))


def forbidden_scheme(target: str) -> str:
    """Return the scheme of an address that a page may not link to, or nothing."""
    target = re.sub(r"[\x00-\x20]", "", html.unescape(target))
    scheme, colon, _ = target.partition(":")
    is_scheme = colon and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme)
    return scheme if is_scheme and scheme.lower() not in SCHEMES else ""


@rule("The page", Stage.PARTS)
def html_of_a_page_is_harmless(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs", suffix=".md"):
        text = without_code(root, name)
        parser = Elements()
        parser.feed(text)
        parser.close()
        for line, fault in parser.faults:
            yield Problem(name, line, fault, "Write Markdown, or show it as code in backquotes.")
        for found in ATTRIBUTE_LIST.finditer(text):
            fault = f"the attribute `{found[1]}` is not allowed"
            yield Problem(name, line_at(text, found.start()), fault, "Give a class, and style it.")


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


def macros() -> dict[str, Callable[..., Any]]:
    """Return the macros that pages can call, by name."""
    found: dict[str, Callable[..., Any]] = {}
    env: Any = SimpleNamespace(
        conf={"extra": {}, "site_url": site_url()},
        page=SimpleNamespace(meta={}),  # any page
        macro=lambda function: found.setdefault(function.__name__, function),
    )
    define_env(env)
    return found


def fault_of(call: nodes.Call, macro: Callable[..., Any]) -> str:
    """Return why a macro cannot be called like that, or nothing.

    A macro that takes no argument needs the page that is being rendered; only its arguments are compared.
    """
    try:
        arguments = [argument.as_const() for argument in call.args]
        named = {argument.key: argument.value.as_const() for argument in call.kwargs}
    except nodes.Impossible:  # they are known when the page is rendered
        return ""
    try:
        inspect.signature(macro).bind(*arguments, **named)
        if arguments or named:
            macro(*arguments, **named)
    except (LookupError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


@rule("The page", Stage.PARTS)
def macros_of_a_page_can_be_called(root: Path) -> Iterator[Problem]:
    known = macros()
    for name in files(root, "docs", suffix=".md"):
        text = FRONT_MATTER.sub(lambda found: blank(found[0]), read(root, name))
        try:
            page = jinja2.Environment().parse(text)
        except jinja2.TemplateSyntaxError as error:
            fault = f"the macro cannot be read: {(error.message or '').rstrip('.')}"
            remedy = "Correct it. Write an id as { #id }; code with braces belongs into snippets/."
            yield Problem(name, error.lineno, fault, remedy)
            continue
        used = {node.name: node.lineno for node in page.find_all(nodes.Name) if node.ctx == "load"}
        own = {node.name for node in page.find_all(nodes.Name) if node.ctx != "load"}
        for macro in used.keys() - known.keys() - VARIABLES - own - {"loop"}:
            remedy = f"Macros of the pages: {', '.join(sorted(known))}."
            yield Problem(name, used[macro], f"there is no macro `{macro}`", remedy)
        for inner in page.find_all(nodes.Getattr):
            if inner.attr.startswith("_"):
                remedy = (
                    "A page calls macros and nothing else; write one in scripts/pages/macros.py."
                )
                yield Problem(name, inner.lineno, f"`{inner.attr}` reaches into Python", remedy)
        for call in page.find_all(nodes.Call):
            called = call.node.name if isinstance(call.node, nodes.Name) else ""
            if called in known and (fault := fault_of(call, known[called])):
                remedy = (
                    "Correct what it is called with; scripts/pages/macros.py says what it takes."
                )
                yield Problem(name, call.lineno, f"the macro `{called}` fails: {fault}", remedy)


@rule("The page")
def every_answer_has_its_head_and_its_foot(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        text = read(root, page.file)
        front, body = text.split("\n---\n", 1)
        if not HEAD.match(body.lstrip()):
            line = line_at(text, text.index("\n# ", len(front)) + 1)
            remedy = "Write `{{ answer_head() }}` right under the question."
            yield Problem(page.file, line, "the short answer is not shown", remedy)
        if not body.rstrip().endswith("{{ answer_foot() }}"):
            remedy = "End the page with `{{ answer_foot() }}`."
            yield Problem(page.file, text.count("\n"), "the sources are not shown", remedy)
