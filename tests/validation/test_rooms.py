"""The rooms of the house: what may lie where, and what may import what."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.project import ROOT
from scripts.validation.rules import names

MOST_ENTRIES = 16  # in the root
SHARED = {"project.py"}  # by all rooms


def test_a_room_imports_only_from_rooms_below_it() -> None:
    command: list[str | Path] = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        broken = result.stdout.partition("Broken contracts")[2].strip()
        pytest.fail(
            f"{broken or result.stdout}\nThe order stands in pyproject.toml: move what both need down.",
            pytrace=False,
        )


def test_the_root_names_what_a_newcomer_needs() -> None:
    entries = sorted({name.partition("/")[0] for name in names(ROOT)})
    assert len(entries) <= MOST_ENTRIES, f"Find a room for one of {', '.join(entries)}."


def test_every_module_of_scripts_has_a_room() -> None:
    flat = {name.removeprefix("scripts/") for name in names(ROOT) if name.startswith("scripts/")}
    assert {name for name in flat if "/" not in name} == SHARED
    rooms = {name.rpartition("/")[0] for name in flat if name.endswith(".py") and "/" in name}
    for room in rooms:
        text = (ROOT / "scripts" / room / "__init__.py").read_text(encoding="utf-8")
        assert text.startswith('"""'), f"scripts/{room}/__init__.py: say its one job."
