"""Every question of the original notes is answered, and what was wrong is proved."""

from scripts.catalogue.answers import load
from scripts.catalogue.files.front_matter import Correction


def test_four_in_five_corrections_are_proved_by_a_test() -> None:
    proofs = [c.proof for page in load().answers.values() for c in page.meta.corrections]
    by_test = [proof for proof in proofs if proof.startswith("snippets/")]
    assert len(by_test) >= 0.8 * len(proofs), "Prove more corrections by a test."


def test_what_makes_sense_beside_the_notes_alone_is_not_said_on_the_answer() -> None:
    meta = next(page.meta for page in load().answers.values() if page.meta.corrections)
    said = meta.corrections[0]
    claim, truth = "It is one thing.", "It is another one."
    proof = "https://example.com"
    alone = Correction(note=1, claim=claim, truth=truth, proof=proof, notes_only=True)
    assert meta.model_copy(update={"corrections": [said, alone]}).said == [said]
