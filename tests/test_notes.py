"""Every question of the original notes is answered, and what was wrong is proved."""

import pytest

from scripts.catalogue import load
from scripts.notes import Note, read_notes

CATALOGUE = load()


@pytest.mark.parametrize("note", read_notes(CATALOGUE), ids=lambda note: str(note.number))
def test_every_note_is_claimed_by_an_answer(note: Note) -> None:
    assert note.answers, f"data/notes.tsv: note {note.number} has no answer. Name it in `notes`."


def test_a_correction_stands_on_an_answer_that_claims_its_note() -> None:
    strays = [
        f"{page.file}: a correction of note {correction.note}, which the topic does not answer"
        for topic in CATALOGUE.topics
        for page in topic.answers
        for correction in page.meta.corrections
        if not any(correction.note in other.meta.notes for other in CATALOGUE.answers.values())
    ]
    assert not strays, "\n".join(strays)


def test_four_in_five_corrections_are_proved_by_a_test() -> None:
    proofs = [c.proof for page in CATALOGUE.answers.values() for c in page.meta.corrections]
    by_test = [proof for proof in proofs if proof.startswith("snippets/")]
    assert len(by_test) >= 0.8 * len(proofs), "Prove more corrections by a test."
