"""The 55 questions of the original notes, in a cleaned wording, and the answers that claim them."""

import csv
from dataclasses import dataclass
from pathlib import Path

from scripts.catalogue import ROOT, AnswerPage, Catalogue

NOTES = "data/notes.tsv"


@dataclass(frozen=True)
class Note:
    """One question of the notes, the answers that claim it, and how many of its claims they correct."""

    number: int
    question: str
    answers: list[AnswerPage]
    corrections: int


def read_notes(catalogue: Catalogue, root: Path = ROOT) -> list[Note]:
    """Return the notes by number, each with its answers in reading order."""
    with (root / NOTES).open(encoding="utf-8", newline="") as file:
        rows = [
            (int(row["number"]), row["question"]) for row in csv.DictReader(file, delimiter="\t")
        ]
    pages = catalogue.answers.values()
    return [
        Note(
            number,
            question,
            [page for page in pages if number in page.meta.notes],
            sum(c.note == number for page in pages for c in page.meta.corrections),
        )
        for number, question in rows
    ]
