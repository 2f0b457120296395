"""The 55 questions of the original notes, in a cleaned wording, and the answers that claim them."""

from dataclasses import dataclass
from pathlib import Path

from scripts.catalogue.answers import AnswerPage, Catalogue
from scripts.catalogue.files.front_matter import Correction
from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.files.tables import read_rows
from scripts.project import ROOT

NOTES = "data/notes.tsv"


@dataclass(frozen=True)
class Note:
    """One question of the notes, and what became of it."""

    number: int
    question: str
    answered: bool
    """Whether the notes had an answer to it."""
    answers: list[AnswerPage]
    """The living answers that claim it, in reading order."""
    corrections: list[tuple[AnswerPage, Correction]]
    """What was wrong in it, each with the answer that says so."""


def read_notes(catalogue: Catalogue, root: Path = ROOT) -> list[Note]:
    """Return the notes by number, each with its answers in reading order.

    Raises ``Problems`` where a line is no note.
    """
    rows = read_rows(root, NOTES, columns=3)
    fault, remedy = "the line begins with no number", f"Restore it: git checkout -- {NOTES}"
    if other := [Problem(NOTES, r.line, fault, remedy) for r in rows if not r.cells[0].isdigit()]:
        raise Problems(other)
    pages = catalogue.answers.values()
    return [
        Note(
            number := int(row.cells[0]),
            row.cells[1],
            row.cells[2] == "yes",
            [page for page in catalogue.living.values() if number in page.meta.notes],
            [(page, c) for page in pages for c in page.meta.corrections if c.note == number],
        )
        for row in rows
    ]
