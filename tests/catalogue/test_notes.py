"""Every question of the original notes is answered, and what was wrong is proved."""

from scripts.catalogue.answers import load


def test_four_in_five_corrections_are_proved_by_a_test() -> None:
    proofs = [c.proof for page in load().answers.values() for c in page.meta.corrections]
    by_test = [proof for proof in proofs if proof.startswith("snippets/")]
    assert len(by_test) >= 0.8 * len(proofs), "Prove more corrections by a test."
