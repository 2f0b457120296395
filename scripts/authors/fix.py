"""Repair what a machine can, and say which step changed which files; nothing where nothing was to do.

Formats and lints code and Markdown, lists new addresses, puts front matter and lists in order, and
records the output of the answers that the change touches.
"""

import contextlib
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from scripts.authors.changed_files import changed_files, touched
from scripts.authors.transaction import project_files
from scripts.catalogue.files.problems import Problems
from scripts.project import ROOT
from scripts.publish.addresses import complete_list
from scripts.validation.files.order import unordered

BIN = Path(sys.executable).parent
TOOLS = {
    "ruff check": [BIN / "ruff", "check", "--quiet", "--fix", "."],
    "ruff format": [BIN / "ruff", "format", "--quiet", "."],
    "rumdl": [BIN / "rumdl", "check", "--quiet", "--fix", "."],
}
FEW = 4  # files of tests that run sooner than more processes start


def sort(root: Path) -> None:
    """Put front matter and lists in order."""
    for name, text in unordered(root).items():
        (root / name).write_text(text, encoding="utf-8")


def record(root: Path) -> None:
    """Record the output of the answers that the change touches; say where a test fails otherwise."""
    changed = changed_files(root)
    tests = [
        path.relative_to(root).as_posix()
        for path in sorted(root.glob("snippets/*/*/test_*.py"))
        if "recorded(" in path.read_text(encoding="utf-8")
        and touched(path.parent.relative_to(root).as_posix(), changed)
    ]
    processes = "auto" if len(tests) > FEW else "0"
    command = [sys.executable, "-m", "pytest", "-qq", "--record", "-n", processes, *tests]
    if tests and subprocess.run(command, cwd=root, capture_output=True, check=False).returncode:
        print("Some tests fail, so that not all output could be recorded. Run `make check`.")


def main(root: Path = ROOT) -> int:
    """Repair the files below ``root``."""
    steps: dict[str, Callable[[], object]] = {
        name: partial(subprocess.run, command, cwd=root, capture_output=True, check=False)
        for name, command in TOOLS.items()
    }
    steps |= {
        "order": partial(sort, root),
        "addresses": partial(complete_list, root),
        "recorded output": partial(record, root),
    }
    before = project_files(root)
    for name, step in steps.items():
        with contextlib.suppress(Problems):  # `make check` tells them
            step()
        after = project_files(root)
        if changed := [file for file in after if after[file] != before.get(file)]:
            print(f"{name}: {', '.join(changed)}")
            if name == "recorded output":
                print("Read the difference: do the pages still say the truth?")
        before = after
    return 0


if __name__ == "__main__":
    sys.exit(main())
