"""Environments of their own for what pins other releases than the project, each made from its lock."""

import hashlib
import os
import subprocess
import venv
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from scripts.project import ROOT


class CommandError(Exception):
    """Raised where a command fails, or where what it did says nothing; holds what it printed."""


def run(
    command: Sequence[str | Path],
    folder: Path = ROOT,
    variables: Mapping[str, str] | None = None,
    accept: Container[int] = (0,),
) -> str:
    """Run ``command`` in ``folder``, with ``variables`` in its environment; return what it printed.

    Raises ``CommandError`` where its exit code is not in ``accept``.
    """
    result = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode not in accept:
        raise CommandError(f"{Path(command[0]).name}: {result.stdout}{result.stderr}".strip())
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
