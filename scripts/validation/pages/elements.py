"""The HTML that a page may hold: what shapes text, closed where it was opened, and nothing that does harm."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.validation.pages.macro_calls import FRONT_MATTER
from scripts.validation.pages.markdown import (
    TAG,
    WITHIN,
    blank,
    forbidden_scheme,
    is_answer,
    without_code,
)
from scripts.validation.rules import Stage, files, line_at, read, rule

# What a page may write as HTML: no element that loads, runs or asks for anything.
ELEMENTS = re.compile(
    "a|abbr|br|button|dd|details|div|dl|dt|em|kbd|li|ol|p|q|s|small|span|strong|sub|summary|sup|ul"
)
ATTRIBUTES = re.compile(
    "class|data-(?:flag|right|search|severity|wrong)|href|id|lang|markdown|title|type"
)
# Braces that the engine may take for attributes; a part of a path is none.
ATTRIBUTE_LIST = re.compile(r"\{(?<![{/]\{)(?![{%#])(?P<list>[^{}\n]*)(?P<end>\}?)")
ID_OR_CLASS = re.compile(r" (?:#[a-z0-9-]+|\.(?P<name>[\w-]+)) ")
ATTRIBUTE = re.compile(r"([a-z][\w-]*)\s*=", re.I)
STYLES, CLASS = "docs/assets/answers.css", re.compile(r"\.([a-z][\w-]*)")
AS_TEXT = "Write Markdown, or show it as code in backquotes."


class Elements(HTMLParser):
    """Collect the elements that a page writes as HTML, and say what is wrong with each."""

    def __init__(self, classes: set[str], *, in_answer: bool) -> None:
        """Start with none; ``classes`` have a style."""
        super().__init__(convert_charrefs=False)
        self.classes = classes
        self.in_answer = in_answer
        self.open: list[tuple[int, str]] = []
        self.faults: list[tuple[int, str, str]] = []

    def refuse(self, fault: str, remedy: str = AS_TEXT) -> None:
        """Note what is wrong with the element at hand."""
        self.faults.append((self.getpos()[0], fault, remedy))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that is not allowed, or its attributes and addresses that are not."""
        if not ELEMENTS.fullmatch(tag):
            self.refuse(f"the element <{tag}> is not allowed")
            return
        before, is_known = len(self.faults), tag == "div" or not self.in_answer
        for name, value in attrs:
            if not ATTRIBUTES.fullmatch(name):
                self.refuse(f"the attribute `{name}` is not allowed")
            elif name == "href" and (scheme := forbidden_scheme(value or "")):
                self.refuse(f"the link leads to `{scheme}:`")
            elif name != "class" or not is_known:
                continue
            elif other := set((value or "").split()) - self.classes:
                self.refuse(f"no style knows the class `{min(other)}`", f"Style it in {STYLES}.")
        if not is_known and len(self.faults) == before:
            self.refuse(f"the Markdown version of an answer knows no <{tag}>")
        if tag != "br":
            self.open.append((self.getpos()[0], tag))

    def handle_endtag(self, tag: str) -> None:
        """Note an end that belongs to no beginning; what was begun within is not closed."""
        if tag not in (name for _, name in self.open):
            if ELEMENTS.fullmatch(tag):
                self.refuse(f"</{tag}> closes nothing", f"Delete it, or write <{tag}> above.")
            return
        while self.open[-1][1] != tag:
            self.unclosed()
        self.open.pop()

    def unclosed(self) -> None:
        """Note that the last element is not closed."""
        line, tag = self.open.pop()
        self.faults.append((line, f"the <{tag}> is not closed", f"Write </{tag}> where it ends."))

    def close(self) -> None:
        """Note what is still open at the end of the page."""
        super().close()
        while self.open:
            self.unclosed()

    def handle_comment(self, data: str) -> None:
        """Note a comment: it would be published, and could switch a linter off."""
        self.refuse("a comment is not allowed")


def fault_of(attributes: re.Match[str], classes: set[str]) -> tuple[str, str] | None:
    """Return what is wrong with an attribute list, and what to do, or nothing."""
    given = ID_OR_CLASS.fullmatch(attributes["list"])
    if named := ATTRIBUTE.search(attributes["list"]):
        return f"the attribute `{named[1]}` is not allowed", "Give a class, and style it."
    if not given or not attributes["end"]:
        remedy = "Write an id as { #id }, a class as { .name }; braces of code are in backquotes."
        return f"`{attributes[0]:.40}` is no attribute list", remedy
    if given["name"] and given["name"] not in classes:
        return f"no style knows the class `{given['name']}`", f"Style it in {STYLES}."
    return None


@rule("The page", Stage.PARTS)
def html_of_a_page_is_harmless(root: Path) -> Iterator[Problem]:
    classes = set(CLASS.findall(read(root, STYLES)))
    for name in files(root, "docs", suffix=".md"):
        text = without_code(root, name)
        parser = Elements(classes, in_answer=is_answer(name))
        parser.feed(text)
        parser.close()
        for line, fault, remedy in parser.faults:
            yield Problem(name, line, fault, remedy)
        front = FRONT_MATTER.match(text)
        text = TAG.sub(lambda found: blank(found[0]), text)
        for found in ATTRIBUTE_LIST.finditer(text, front.end() if front else 0):
            line = line_at(text, found.start())
            told = [place for place, *_ in parser.faults if place == line]
            told += [line] if is_answer(name) and WITHIN.match(text, found.start()) else []
            if not told and (refused := fault_of(found, classes)):
                yield Problem(name, line, *refused)
