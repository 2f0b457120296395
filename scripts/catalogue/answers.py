"""The catalogue: every answer and topic, read from the front matter and validated.

Macros, checks and everything that is written after the build use this module; nothing else
parses the pages.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

from scripts.catalogue.files.explain import line_of
from scripts.catalogue.files.front_matter import LEVELS, Answer, Plain, Topic
from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.files.read_page import read
from scripts.catalogue.files.reading import once, text_of
from scripts.catalogue.identity import address_of, stolen
from scripts.catalogue.names import name_of
from scripts.project import ROOT


@dataclass(frozen=True)
class Page:
    """A page of the catalogue: where it is, what its heading says, what its front matter holds."""

    file: str
    """Path below the root, for example ``docs/concurrency/await.md``."""
    title: str
    """The first heading, without Markdown."""

    @property
    def source(self) -> str:
        """Path below ``docs``, as links between pages use it."""
        return self.file.removeprefix("docs/")

    @property
    def address(self) -> str:
        """Address below the site's root, for example ``concurrency/await/``."""
        return address_of(self.file)


@dataclass(frozen=True)
class AnswerPage(Page):
    """An answer with its metadata."""

    meta: Answer

    @property
    def name(self) -> str:
        """What the navigation calls it: ``Blocking the event loop``."""
        return self.meta.name or name_of(self.address.rstrip("/").rpartition("/")[2])

    @property
    def snippets(self) -> str:
        """Folder of the answer's code, for example ``snippets/concurrency/await_keyword``."""
        return "snippets/" + self.source.removesuffix(".md").replace("-", "_")


@dataclass(frozen=True)
class TopicPage(Page):
    """A topic and its answers in reading order: basic, working, deep, each by number."""

    meta: Topic
    answers: tuple[AnswerPage, ...]
    """Those that are read: lists, navigation and search show no others."""
    retired: tuple[AnswerPage, ...] = ()
    """Those that another answer replaced; they keep their page, their number and their tests."""


@dataclass(frozen=True)
class Catalogue:
    """All topics in reading order."""

    topics: tuple[TopicPage, ...]

    @functools.cached_property
    def living(self) -> dict[int, AnswerPage]:
        """The answers that are not retired, by number, in reading order."""
        return {a.meta.id: a for topic in self.topics for a in topic.answers}

    @functools.cached_property
    def answers(self) -> dict[int, AnswerPage]:
        """All answers by number: the living ones in reading order, then the retired ones."""
        return self.living | {a.meta.id: a for topic in self.topics for a in topic.retired}

    def topic_of(self, page: AnswerPage) -> TopicPage:
        """Return the topic of an answer."""
        return next(topic for topic in self.topics if page in topic.answers + topic.retired)


@once
def load(root: Path = ROOT) -> Catalogue:
    """Read and validate all topics and answers below ``root / "docs"``.

    Raises ``Problems`` with every fault found, each with file, line, what is wrong and what to do.
    """
    problems: list[Problem] = []
    topics: list[TopicPage] = []
    for index in sorted(root.glob("docs/*/index.md")):
        answers = [
            AnswerPage(name, title, meta)
            for path in sorted(index.parent.glob("*.md"))
            if path != index and (answer := read(root, path, Answer, problems))
            for name, title, meta in [answer]
        ]
        answers.sort(key=lambda page: (LEVELS.index(page.meta.level), page.meta.id))
        if page := read(root, index, Topic, problems):
            living = tuple(a for a in answers if a.meta.replaced_by is None)
            topics.append(TopicPage(*page, living, tuple(a for a in answers if a not in living)))
    for path in sorted(root.glob("docs/*.md")):
        read(root, path, Plain, problems)
    topics.sort(key=lambda topic: topic.meta.order)
    pages = [page for topic in topics for page in topic.answers + topic.retired]
    # One after the other: what is related to an answer with a fault or a wrong number is no fault.
    problems = (
        problems
        or stolen([(page.meta.id, page.file) for page in pages], root)
        or conflicts(pages, root)
    )
    if problems:
        raise Problems(problems)
    return Catalogue(tuple(topics))


def conflicts(answers: list[AnswerPage], root: Path) -> list[Problem]:
    """Return what is wrong between answers: numbers used twice, related numbers that do not exist."""
    problems: list[Problem] = []

    def refuse(page: AnswerPage, key: str, fault: str, remedy: str) -> None:
        line = line_of(text_of(root, page.file), [key])
        problems.append(Problem(page.file, line, fault, remedy, "Front matter"))

    first: dict[int, AnswerPage] = {}
    for page in answers:
        first.setdefault(page.meta.id, page)
    living = {number for number, page in first.items() if page.meta.replaced_by is None}
    for page in answers:
        if (other := first[page.meta.id]) is not page:
            remedy = f"Give the newer of the two the next free number, {max(first) + 1}."
            refuse(page, "id", f"id {page.meta.id} is also that of {other.file}", remedy)
        successor = page.meta.replaced_by
        if successor is not None and successor not in living:
            fault = f"replaced_by: {successor} is no other answer, or retired itself"
            refuse(page, "replaced_by", fault, "Name the answer that is read instead.")
    for page in answers if not problems else ():  # who names an answer that is not retired is right
        for number in page.meta.related:
            if number not in living or number == page.meta.id:
                fault = f"related: {number} is no other answer, or retired"
                refuse(page, "related", fault, "Name ids of existing answers.")
    return problems
