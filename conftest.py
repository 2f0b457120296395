"""Options of the whole test run, and the validation of the catalogue before any test."""

import pytest

from scripts.catalogue import ROOT, load
from scripts.changes import changed_files, touched
from scripts.problems import Problems


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of `make record` and `make check`."""
    parser.addoption("--record", action="store_true", help="write the recorded outputs again")
    parser.addoption(
        "--changed", action="store_true", help="of the snippets, test those that a change touches"
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop with one line for each fault of the front matter: every other check needs the catalogue."""
    if hasattr(session.config, "workerinput"):
        return
    try:
        load()
    except Problems as problems:
        pytest.exit(f"the front matter has faults.\n{problems}", returncode=1)


def pytest_ignore_collect(collection_path: object, config: pytest.Config) -> bool | None:
    """With ``--changed`` leave out the snippet folders that no change touches."""
    parts = str(collection_path).removeprefix(f"{ROOT}/").split("/")
    if not config.getoption("--changed") or parts[0] != "snippets" or len(parts) != 3:
        return None
    folder = ROOT.joinpath(*parts)
    if not folder.is_dir() or touched("/".join(parts), changed_files()):
        return None
    return True
