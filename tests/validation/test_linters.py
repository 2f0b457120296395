"""The linters, one test each, so that they run in parallel with everything else, and how they are told."""

from pathlib import Path

import pytest

from scripts.authors import linters
from scripts.authors.linters import LINTERS, lines, lint, start
from scripts.project import ROOT


@pytest.mark.parametrize("command", LINTERS.values(), ids=LINTERS)
def test_linter(command: list[str]) -> None:
    if found := lines(start(command, ROOT)):
        pytest.fail("\n".join(found), pytrace=False)


def script(tmp_path: Path, name: str, output: str) -> list[str]:
    """Return a linter that prints ``output``."""
    (tmp_path / name).write_text(f"#!/bin/sh\nprintf '{output}'\nexit 1\n", encoding="utf-8")
    (tmp_path / name).chmod(0o755)
    return [str(tmp_path / name)]


def test_a_line_is_told_once_and_of_what_is_no_python_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = script(
        tmp_path, "first", "a.py:1:1: invalid-syntax: x\nb.py:2:1: F401 [*] x\nb.py:2:9: E1\n"
    )
    second = script(
        tmp_path,
        "second",
        "a.py:3:1: y\nb.py:2:1: y\nb.py:4:1: y\n        and more\nc.md:1:1: y\nerror\n",
    )
    monkeypatch.setattr(linters, "LINTERS", {"first": first, "second": second})
    found = list(lint(tmp_path, set(), []))
    assert found == [
        "a.py:1:1: invalid-syntax: x",
        "b.py:2:1: F401 [*] x. Run `make fix`, which repairs it.",
        "b.py:4:1: y",
        "c.md:1:1: y",
        "error",
    ]


def test_a_cache_of_other_files_is_no_fault_of_the_author(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(linters, "TYPES", ["ruff", "--version"])  # finds nothing
    (tmp_path / ".mypy_cache").mkdir()
    stale = script(tmp_path, "mypy", "a.py:1: error: x\n")
    assert linters.types(start(stale, tmp_path), {"a.py"}, [], tmp_path) == ["a.py:1: error: x"]
    assert (tmp_path / ".mypy_cache").exists()
    assert linters.types(start(stale, tmp_path), {"b.py"}, [], tmp_path) == []
    assert not (tmp_path / ".mypy_cache").exists()
