"""Rules about the tests of snippets: each runs, asserts what is not known before, and stands alone."""
