"""What the audits share: the served site, and the auditors, which exist for Node and Java alone."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import served, site

__all__ = ["served", "site"]  # fixtures that the audits use

AUDITORS = Path(__file__).parent / "node_modules"


@pytest.fixture(scope="session")
def auditors() -> Path:
    """Folder of the installed auditors."""
    for program in ("node", "java"):
        if not shutil.which(program):
            pytest.fail(
                f"{program} is missing: install it, then run `make audit` again", pytrace=False
            )
    if not AUDITORS.is_dir():
        pytest.fail(
            "the auditors are missing: run `make audit`, which installs them", pytrace=False
        )
    return AUDITORS
