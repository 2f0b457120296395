"""Look up the locked releases among the known vulnerabilities: ``python -m scripts.watch.vulnerabilities``.

`uv audit` reads uv's own lock only, so each ``requirements/*.txt`` is taken into a project of its own, in a
folder that is thrown away. Nothing is installed. The oldest set is left out: it is old on purpose.
"""

import sys
import tempfile
from pathlib import Path

from scripts.project import ROOT
from scripts.releases.environment import CommandError, run
from scripts.releases.release_sets import LOCKS, UV

PROJECT = '[project]\nname = "locked"\nversion = "1"\nrequires-python = ">=3.11.5"\n'


def audit(lock: Path, *options: str) -> str:
    """Return what `uv audit` says of a lock, or an empty text where it knows no vulnerability.

    Raises ``CommandError`` where the service does not answer. ``options`` go to `uv audit`.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pyproject.toml").write_text(PROJECT, encoding="utf-8")
        project = ["--quiet", "--project", folder]
        run([UV, "add", *project, "--no-sync", "--requirements", lock])
        arguments = [
            "audit",
            "--project",
            folder,
            "--locked",
            "--preview-features",
            "audit-command",
        ]
        return run([UV, *arguments, *options], accept=(0, 1)).strip()


def main() -> int:
    """Print what is known of each lock, and which could not be looked up; always 0."""
    locks = [lock for lock in sorted(ROOT.glob("requirements/*.txt")) if lock != LOCKS["oldest"]]
    for lock in locks:
        try:
            if text := audit(lock):
                print(f"{lock.name}\n{text}")
        except CommandError as error:
            print(f"{lock.name} could not be looked up: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
