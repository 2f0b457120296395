"""The releases that the answers are checked on: their locks, the Pythons, an environment for each pair."""

import contextlib
import os
import re
import shutil
import sys
from pathlib import Path

from scripts.project import ROOT
from scripts.releases.environment import CommandError, run
from scripts.releases.lock import LOCK
from scripts.releases.record import Set, minor

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
OLDEST_PYTHON = (3, 11, 5)  # as the Makefile has it
FOLDER = ROOT / ".cache" / "versions"
UV = Path(sys.executable).parent / "uv"
LOCKS: dict[Set, Path] = {
    "oldest": ROOT / "requirements/oldest.txt",
    "locked": ROOT / LOCK,
    "newest": FOLDER / "newest.txt",
}


def find_python(series: str) -> tuple[Path, str] | None:
    """Return an interpreter of a series such as ``3.12`` and its full version; none where there is none.

    Looks on PATH, in pyenv's folder, and asks uv; only interpreters that start and are new enough count.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    paths: list[str | Path | None] = [
        shutil.which(f"python{series}"),
        *pyenv.glob(f"versions/{series}.*/bin/python"),
    ]
    with contextlib.suppress(CommandError):  # uv knows none either
        paths.append(run([UV, "python", "find", "--no-python-downloads", series]).strip())
    for path in paths:
        if not path:
            continue
        try:
            version = run([path, "-c", "import platform; print(platform.python_version())"]).strip()
        except CommandError:
            continue  # a shim of pyenv for a version that is not chosen
        numbers = tuple(map(int, re.findall(r"\d+", version)[:3]))
        if minor(version) == series and numbers >= OLDEST_PYTHON:
            return Path(path), version
    return None


def pins(lock: Path) -> set[str]:
    """Return the pinned releases of a lock, with their markers and without hashes."""
    return {
        line.rstrip("\\ ") for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line
    }


def resolve_newest() -> Path:
    """Lock the newest releases that ``requirements/test.in`` allows today; return the lock."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock = LOCKS["newest"]
    lock.unlink(missing_ok=True)  # uv would prefer what it holds
    options = ["--quiet", "--universal", "--python-version", "3.11.5", "--generate-hashes"]
    options += ["--no-header", "--no-annotate", "--output-file"]
    run([UV, "pip", "compile", *options, lock, LOCK.replace(".txt", ".in")])
    return lock


def install(kind: Set, python: Path, series: str) -> tuple[Path, dict[str, str]]:
    """Make a fresh environment from the set's lock; return its folder of programs and its versions."""
    folder = FOLDER / f"{kind}-{series}"
    here = folder / "bin" / "python"
    run([UV, "venv", "--quiet", "--clear", "--seed", "--python", python, folder])
    options: list[str | Path] = ["--quiet", "--require-hashes", "--python", here]
    run([UV, "pip", "install", *options, "--requirements", LOCKS[kind]])
    lines = run([UV, "pip", "freeze", "--quiet", "--python", here]).splitlines()
    return folder / "bin", dict(line.split("==") for line in lines if "==" in line)
