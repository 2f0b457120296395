"""Write the search index: what the search box knows of each answer, in one JSON file.

The index holds text, not postings: the browser cuts it into words with the same code that cuts the
query, so that both always agree. It is fetched when the search is first wanted.
"""

import functools
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from scripts.catalogue.answers import AnswerPage, Catalogue
from scripts.catalogue.tables import read_rows
from scripts.project import ROOT, repository_url

INDEX = "assets/search/index.json"
SYNONYMS = "data/synonyms.tsv"
VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
BLOCKS = frozenset({"blockquote", "dd", "div", "dt", "li", "p", "pre", "td", "th", "tr"})
# Parts of an article that stand in the catalogue, or that say nothing about the subject.
LEFT_OUT = frozenset(
    {"short-answer", "asked-as", "headerlink", "checked", "correction__proof", "block__file"}
)
LEFT_OUT_SECTIONS = frozenset({"sources", "related-answers"})
WORD = re.compile(r"\w+")
NAME = re.compile(r"@[\w.]+|\w+")  # of code; a decorator is searched as a whole too
SENTENCE = re.compile(r"(?<=[.!?:]) (?=[A-Z])")
# A sentence stays whole where it brings at least so many new words to the index of its answer;
# of the others only the new words are kept. That halves the index and loses no word.
NEW_WORDS = 3
COMMON = 0.4  # share of the answers from which on a word is not new


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


class ArticleParser(HTMLParser):
    """Cut the article of a built page into sections."""

    def __init__(self) -> None:
        """Start outside the article."""
        super().__init__()
        self.sections: list[Section] = []
        self.stack: list[tuple[str, bool]] = []  # open elements of the article; whether left out
        self.line = ""
        self.reviews: dict[str, str] = {}  # by the anchors of the findings

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a section at each heading, and end the line at each block."""
        values = {name: value or "" for name, value in attrs}
        if (not self.stack and tag != "article") or tag in VOID:
            return
        if "data-findings" in values:
            self.reviews = json.loads(values["data-findings"])
        left_out = bool(LEFT_OUT & set(values.get("class", "").split()))
        self.stack.append((tag, left_out or bool(self.stack and self.stack[-1][1])))
        if re.fullmatch("h[1-6]", tag):
            self.end_line()
            anchor = values.get("id", "")
            self.sections.append(Section(anchor, "", review=self.reviews.get(anchor, "")))
        elif tag in BLOCKS:
            self.end_line()

    def handle_endtag(self, tag: str) -> None:
        """Close an element; what has been collected is a heading, a code block or a line."""
        if not self.stack or tag in VOID:
            return
        if self.stack[-1][0] != tag:
            raise ValueError(f"<{self.stack[-1][0]}> is closed by </{tag}>")
        if re.fullmatch("h[1-6]", tag):
            self.sections[-1].heading, self.line = " ".join(self.line.split()), ""
        elif tag == "pre":
            self.sections[-1].code.append(self.line)
            self.line = ""
        elif tag in BLOCKS:
            self.end_line()
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        """Collect text."""
        if self.stack and not self.stack[-1][1]:
            self.line += data

    def end_line(self) -> None:
        """Add the line to its section; what stands above the first heading is none."""
        line, self.line = " ".join(self.line.split()), ""
        if line and self.sections:
            self.sections[-1].lines.append(line)


@functools.lru_cache(maxsize=200)  # while `make serve` runs, few pages change
def sections(html: str) -> list[Section]:
    """Return the sections of the article of a built page, without those that hold links alone."""
    parser = ArticleParser()
    parser.feed(html)
    parser.close()
    return [part for part in parser.sections if part.anchor not in LEFT_OUT_SECTIONS]


def lower_words(text: str) -> list[str]:
    """Return the words of ``text`` in lower case, each once, in their order."""
    return list(dict.fromkeys(word.lower() for word in WORD.findall(text)))


def common_words(texts: Iterable[str]) -> set[str]:
    """Return the words that so many of ``texts`` hold that they tell none from another."""
    counts: Counter[str] = Counter()
    number = 0
    for number, text in enumerate(texts, 1):  # noqa: B007
        counts.update(lower_words(text))
    return {word for word, count in counts.items() if count > COMMON * number}


def condense(page: AnswerPage, parts: list[Section], common: set[str]) -> list[list[str]]:
    """Return anchor, heading, telling sentences and further words of each section of an answer.

    A finding's section also has its Markdown for a review. The first section, above the first heading,
    has neither anchor nor heading.
    """
    known = common | set(
        lower_words("\n".join([page.title, page.meta.answer, *page.meta.asked_as]))
    )
    condensed = []
    for number, part in enumerate(parts):
        known.update(lower_words(part.heading))
        sentences, further = [], []
        for sentence in (s for line in part.lines for s in SENTENCE.split(line)):
            new = [word for word in lower_words(sentence) if word not in known]
            known.update(new)
            if len(new) >= NEW_WORDS:
                sentences.append(sentence)
            else:
                further += new
        # Of code only the names count. They keep their capitals, by which they are cut into words.
        for name in dict.fromkeys(NAME.findall("\n".join(part.code))):
            if name.lower() not in known and not name.isdigit():
                known.add(name.lower())
                further.append(name)
        place = [part.anchor, part.heading] if number else ["", ""]
        review = [part.review] if part.review else []
        condensed.append([*place, "\n".join(sentences), " ".join(further), *review])
    return condensed


def read_synonyms() -> dict[str, str]:
    """Return what else a word of a query stands for."""
    rows = read_rows(ROOT, SYNONYMS, columns=2)
    return {row.cells[0]: row.cells[1] for row in rows}


def write_index(catalogue: Catalogue, site: Path) -> None:
    """Write the index of the built site; a retired answer's words lead to the one that replaced it."""
    pages = {
        number: sections((site / page.address / "index.html").read_text(encoding="utf-8"))
        for number, page in catalogue.living.items()
    }
    asked = {number: list(page.meta.asked_as) for number, page in catalogue.living.items()}
    for page in catalogue.answers.values():
        if page.meta.replaced_by is not None:
            asked[page.meta.replaced_by] += [page.title, *page.meta.asked_as]
    common = common_words(
        "\n".join(line for part in page for line in part.lines) for page in pages.values()
    )
    answers = [
        {
            "id": number,
            "url": page.address,
            "title": page.title,
            "answer": page.meta.answer,
            "asked": asked[number],
            "sections": condense(page, pages[number], common),
        }
        for number, page in catalogue.living.items()
    ]
    content = {
        "repository": repository_url(),
        "synonyms": read_synonyms(),
        "answers": answers,
    }
    path = site / INDEX
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
