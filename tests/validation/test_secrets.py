"""No secret is committed: no token in the form that a service gives out, no private key."""

from scripts.authors.secrets import secrets
from scripts.project import ROOT
from scripts.validation.rules import names
from tests.refuse import refuse


def test_no_file_holds_a_secret() -> None:
    refuse(secrets(ROOT, names(ROOT)))
