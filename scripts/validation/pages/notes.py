"""Every question of the original notes is answered."""

from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.explain import line_of
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.notes import NOTES, read_notes
from scripts.validation.rules import read, rule


@rule("Front matter")
def every_note_is_claimed_by_an_answer(root: Path) -> Iterator[Problem]:
    for line, note in enumerate(read_notes(load(root), root), 2):
        if not note.answers:
            fault = f"no answer claims note {note.number}"
            yield Problem(NOTES, line, fault, "Name it in `notes` of the answer that covers it.")


@rule("Front matter")
def a_correction_corrects_a_note_that_an_answer_claims(root: Path) -> Iterator[Problem]:
    pages = load(root).answers.values()
    claimed = {note for page in pages for note in page.meta.notes}
    for page in pages:
        for number, correction in enumerate(page.meta.corrections):
            if correction.note and correction.note not in claimed:
                line = line_of(read(root, page.file), ["corrections", number, "note"])
                fault = f"no answer claims note {correction.note}, which is corrected here"
                yield Problem(page.file, line, fault, "Name it in `notes`.")
