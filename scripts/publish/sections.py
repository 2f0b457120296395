"""The sections of a built answer: what its article says under each heading, line by line, and its code."""

import functools
import json
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from scripts.publish.built_page import BuiltPage

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
BLOCKS = frozenset({"blockquote", "dd", "div", "dt", "li", "p", "pre", "td", "th", "tr"})
# Parts of an article that stand in the catalogue, or that say nothing about the subject.
LEFT_OUT = frozenset(
    {"short-answer", "asked-as", "headerlink", "checked", "correction__proof", "block__without"}
)
LEFT_OUT_SECTIONS = frozenset({"sources", "related-answers"})


@dataclass
class Section:
    """The part of an answer under one heading."""

    anchor: str
    heading: str
    lines: list[str] = field(default_factory=list)
    """The text, one paragraph, list item or table cell each."""
    code: list[str] = field(default_factory=list)
    """The code blocks."""
    review: str = ""
    """Where it is a finding, the Markdown to paste into a review."""


class Cut:
    """Cuts an article into sections."""

    def __init__(self, reviews: dict[str, str]) -> None:
        """Start above the first heading; ``reviews`` holds Markdown by the anchors of the findings."""
        self.sections: list[Section] = []
        self.reviews = reviews
        self.line = ""

    def read(self, parent: LexborNode) -> None:
        """Read what an element holds."""
        for node in parent.iter(include_text=True):
            tag = node.tag or ""
            if node.is_text_node:
                self.line += node.text_content or ""
                continue
            if tag in HEADINGS:
                self.end_line()
                anchor = node.id or ""
                self.sections.append(Section(anchor, "", review=self.reviews.get(anchor, "")))
                self.read(node)
                self.sections[-1].heading = self.taken()
                continue
            if tag in BLOCKS:
                self.end_line()
            if not LEFT_OUT.isdisjoint(node.attrs.sget("class").split()):
                continue
            self.read(node)
            if tag == "pre":
                self.sections[-1].code.append(self.line)
                self.line = ""
            elif tag in BLOCKS:
                self.end_line()

    def taken(self) -> str:
        """Return the line without breaks, and begin another."""
        line, self.line = " ".join(self.line.split()), ""
        return line

    def end_line(self) -> None:
        """Add the line to its section; what stands above the first heading is none."""
        if (line := self.taken()) and self.sections:
            self.sections[-1].lines.append(line)


@functools.lru_cache(maxsize=1_000)  # while `make serve` runs, few pages change
def sections(html: str) -> list[Section]:
    """Return the sections of the article of a built page, without those that hold links alone."""
    article = BuiltPage(html).tree.css_first("article")
    if not article:
        return []
    findings = article.css_first("[data-findings]")
    cut = Cut(json.loads(findings.attrs.sget("data-findings")) if findings else {})
    cut.read(article)
    return [part for part in cut.sections if part.anchor not in LEFT_OUT_SECTIONS]
