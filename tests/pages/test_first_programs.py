"""The first program of each answer runs when a reader pastes it."""

import json
import subprocess
import sys
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.project import ROOT
from scripts.validation.pages.plain import first_program, shown
from tests.refuse import refuse

PASTE = Path(__file__).with_name("paste.py")


def fails(folder: Path, programs: dict[str, str]) -> dict[str, str]:
    """Run programs by their names, each in a folder below ``folder``; return what those said that failed."""
    for name, text in programs.items():
        (folder / name).mkdir()
        (folder / name / "main.py").write_text(text, encoding="utf-8")
    command: list[str | Path] = [sys.executable, "-I", PASTE]
    command += (folder / name for name in programs)
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(line) for line in result.stdout.splitlines())


def test_every_first_program_runs_as_it_is_shown(tmp_path: Path) -> None:
    blocks = {
        str(number): (page, block)
        for number, page in load().answers.items()
        if (block := first_program(ROOT, page))
    }
    said = fails(tmp_path, {number: shown(ROOT, block) for number, (_, block) in blocks.items()})
    places = {number: f"{page.file}:{block.line}" for number, (page, block) in blocks.items()}
    refuse(f"{places[number]}: pasted as shown, it fails:\n{text}" for number, text in said.items())


def test_a_program_that_fails_or_lacks_an_import_is_told(tmp_path: Path) -> None:
    said = fails(
        tmp_path,
        {
            "well": "print(__name__)\n",
            "fails": "raise ValueError('no')\n",
            "lacks": "app = fastapi.FastAPI()\n",
            "exits": "import sys\n\nsys.exit(3)\n",
        },
    )
    assert set(said) == {"fails", "lacks", "exits"}
    assert said["fails"].endswith("ValueError: no\n")
    assert "name 'fastapi' is not defined" in said["lacks"]
