"""Rules about proofs: each test asserts what is not known before, and the search is asked for each answer."""
