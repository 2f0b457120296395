"""Environments of their own for what pins other releases than the project, each made from its lock."""

import hashlib
import os
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

from scripts.project import ROOT


class CommandError(Exception):
    """Raised where a command fails; holds what it printed."""


def run(command: Sequence[str | Path], folder: Path = ROOT, **variables: str) -> str:
    """Run ``command`` in ``folder`` and return what it printed; raise ``CommandError`` where it fails."""
    result = subprocess.run(
        command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise CommandError(f"{result.stdout}{result.stderr}".strip())
    return result.stdout


def digest(name: str) -> str:
    """Return what tells the lock ``name`` from any other."""
    return hashlib.sha256((ROOT / f"requirements/{name}.txt").read_bytes()).hexdigest()


def is_installed(name: str, folder: Path) -> bool:
    """Tell whether ``folder`` holds what ``requirements/<name>.txt`` locks now."""
    stamp = folder / "installed"
    return stamp.exists() and stamp.read_text(encoding="utf-8") == digest(name)


def install(name: str, folder: Path) -> Path:
    """Return the programs of an environment with the lock ``name``, made where another one lies there.

    Raises ``CommandError`` where it cannot be installed.
    """
    if not is_installed(name, folder):
        venv.create(folder, with_pip=True, clear=True)
        pip: list[str | Path] = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
        quiet = ["--disable-pip-version-check", "--require-hashes", "--no-deps"]
        run([*pip, *quiet, "-r", ROOT / f"requirements/{name}.txt"])
        (folder / "installed").write_text(digest(name), encoding="utf-8")
    return folder / "bin"
