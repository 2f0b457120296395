"""What people type: ``tests/search.tsv`` asks for every answer, ``tests/unanswered.tsv`` for none."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.tables import read_rows
from scripts.validation.rules import rule

LIST = "tests/search.tsv"
UNANSWERED = "tests/unanswered.tsv"
LEAST_PHRASES = 8  # for each answer
LEAST_HELD_OUT = 0.3  # of all phrases
IDS = re.compile(r"\d+(,\d+)*")
SETS = ("tuned", "held-out")


@dataclass(frozen=True)
class Phrase:
    """A line of the list."""

    text: str
    ids: tuple[int, ...]
    held_out: bool
    line: int


def read_phrases(root: Path) -> list[Phrase]:
    """Return the lines of the list; a line without numbers has none."""
    return [
        Phrase(
            text,
            tuple(map(int, ids.split(","))) if IDS.fullmatch(ids) else (),
            group == SETS[1],
            row.line,
        )
        for row in read_rows(root, LIST, columns=3)
        for text, ids, group in [row.cells]
    ]


@dataclass(frozen=True)
class Unanswered:
    """A line of the list of what the site does not answer."""

    text: str
    group: str
    line: int


def read_unanswered(root: Path) -> list[Unanswered]:
    """Return the lines of the list; a site may have none."""
    if not (root / UNANSWERED).is_file():
        return []
    rows = read_rows(root, UNANSWERED, columns=2)
    return [Unanswered(row.cells[0], row.cells[1], row.line) for row in rows]


def asked(text: str) -> str:
    """Return a phrase without what a search does not tell apart."""
    return " ".join(text.casefold().rstrip("? ").split())


@rule("Search")
def what_is_not_answered_stands_in_one_list(root: Path) -> Iterator[Problem]:
    answered = {phrase.text: phrase.line for phrase in read_phrases(root)}
    first: dict[str, int] = {}
    for row in read_unanswered(root):
        if row.text in answered:
            fault = f"“{row.text}” stands in {LIST}, line {answered[row.text]}, as answered"
            yield Problem(UNANSWERED, row.line, fault, "Delete it here if it is.")
        if first.setdefault(row.text, row.line) != row.line:
            fault = f"“{row.text}” stands in line {first[row.text]} already"
            yield Problem(UNANSWERED, row.line, fault, "Keep one.")
        if row.group not in SETS:
            fault = f"set “{row.group}”"
            yield Problem(UNANSWERED, row.line, fault, f"Write {' or '.join(SETS)}.")


@rule("Search")
def the_list_asks_for_every_answer(root: Path) -> Iterator[Problem]:
    phrases, answers = read_phrases(root), load(root).living
    counts = Counter(number for phrase in phrases for number in phrase.ids)
    for number, page in answers.items():
        if counts[number] < LEAST_PHRASES:
            fault = f"{counts[number]} phrases for id {number}, {page.file}"
            remedy = (
                f"Add {LEAST_PHRASES - counts[number]} that people type: concepts, identifiers, error texts, "
                "typing mistakes."
            )
            yield Problem(LIST, len(phrases) + 1, fault, remedy)
    for row in read_rows(root, LIST, columns=3):
        if row.cells[2] not in SETS:
            fault = f"{row.cells[2]!r} is no set"
            yield Problem(LIST, row.line, fault, f"Write {' or '.join(SETS)}.")
    if sum(phrase.held_out for phrase in phrases) < LEAST_HELD_OUT * len(phrases):
        remedy = f"Mark new ones {SETS[1]}, up to about a third."
        yield Problem(LIST, len(phrases) + 1, "too few phrases are held out", remedy)
    questions = {page.title.casefold(): page.file for page in answers.values()}
    first: dict[str, int] = {}
    for phrase in phrases:
        line = phrase.line
        if not phrase.ids or not all(number in answers for number in phrase.ids):
            fault = f"“{phrase.text}” leads to no answer, or a retired one"
            yield Problem(LIST, line, fault, "Name the id of one, after a tab.")
        key = asked(phrase.text)
        if first.setdefault(key, line) != line:
            fault = f"“{phrase.text}” stands in line {first[key]} already"
            yield Problem(LIST, line, fault, "Keep one, with all ids that are right.")
        elif phrase.text.casefold() in questions:
            fault = f"“{phrase.text}” is the question of {questions[phrase.text.casefold()]}"
            yield Problem(LIST, line, fault, "Write what people type who do not know it.")
