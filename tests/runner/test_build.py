"""The files for the browser: two builds give the same bytes, and readers load no more than they are told."""

import gzip
import json
import tempfile
from pathlib import Path

import pytest

from scripts.runner.files.build import CACHE, folder, make

BUDGET = 8_000_000
"""Bytes that a first run loads, as the page says."""


def made() -> Path:
    """Return the folder of the files, which have to be there."""
    found = folder()
    if found is None:
        pytest.fail("the files for the browser are missing: run `make runner`", pytrace=False)
    return found


def contents(folder: Path) -> dict[str, bytes]:
    """Return what the files of a folder hold."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.site
def test_two_builds_give_the_same_bytes() -> None:
    first = contents(made())
    with tempfile.TemporaryDirectory(dir=CACHE) as place:
        make(Path(place, "again"))
        second = contents(Path(place, "again"))
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_a_first_run_loads_no_more_than_the_page_says() -> None:
    folder = made()
    sizes = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["sizes"]
    texts = ("manifest.json", "pyodide.mjs", "pyodide.asm.mjs")
    packed = sum(len(gzip.compress((folder / name).read_bytes(), 6)) for name in texts)
    assert sum(sizes.values()) + packed < BUDGET
