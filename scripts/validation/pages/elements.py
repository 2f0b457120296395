"""The HTML that a page may hold: what shapes text, closed where it was opened, and nothing that does harm."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.validation.pages.markdown import forbidden_scheme, is_answer, without_code
from scripts.validation.rules import Stage, files, line_at, rule

# What a page may write as HTML: no element that loads, runs or asks for anything.
ELEMENTS = re.compile(
    "a|abbr|br|button|dd|details|div|dl|dt|em|kbd|li|ol|p|q|s|small|span|strong|sub|summary|sup|ul"
)
ATTRIBUTES = re.compile("class|data-[a-z-]+|href|id|lang|markdown|title|type")
ATTRIBUTE_LIST = re.compile(
    r"(?<!\{)\{:?(?![%#])[^{}\n]*?(?<![\w-])(?!data-|title=)([a-z][\w-]*)\s*=", re.I
)
AS_TEXT = "Write Markdown, or show it as code in backquotes."


class Elements(HTMLParser):
    """Collect the elements that a page writes as HTML, and say what is wrong with each."""

    def __init__(self, *, in_answer: bool) -> None:
        """Start with none."""
        super().__init__(convert_charrefs=False)
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
        before = len(self.faults)
        for name, value in attrs:
            if not ATTRIBUTES.fullmatch(name):
                self.refuse(f"the attribute `{name}` is not allowed")
            elif name == "href" and (scheme := forbidden_scheme(value or "")):
                self.refuse(f"the link leads to `{scheme}:`")
        if self.in_answer and tag != "div" and len(self.faults) == before:
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


@rule("The page", Stage.PARTS)
def html_of_a_page_is_harmless(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs", suffix=".md"):
        text = without_code(root, name)
        parser = Elements(in_answer=is_answer(name))
        parser.feed(text)
        parser.close()
        for line, fault, remedy in parser.faults:
            yield Problem(name, line, fault, remedy)
        for found in ATTRIBUTE_LIST.finditer(text):
            fault = f"the attribute `{found[1]}` is not allowed"
            yield Problem(name, line_at(text, found.start()), fault, "Give a class, and style it.")
