"""Make a PostgreSQL server available to the tests of the answers about databases.

Takes the system's one if there is one, else installs the distribution's package when run as root on a system
with apt. The tests start a server of their own from its programs; no running service is used.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.setup import system_packages

REMEDY = (
    "Install it (Debian, Ubuntu: apt install postgresql; macOS: brew install postgresql), "
    "then run `make test` again."
)


def server_programs() -> Path | None:
    """Return the folder of ``initdb``, ``pg_ctl`` and ``postgres``, or ``None``."""
    folders = [Path(path) for path in os.environ.get("PATH", "").split(os.pathsep) if path]
    # Debian and Ubuntu keep the server's programs out of PATH, one folder for each version.
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(
        versions, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0), reverse=True
    )
    if pg_config := shutil.which("pg_config"):
        result = subprocess.run(
            [pg_config, "--bindir"], capture_output=True, text=True, check=False
        )
        folders.append(Path(result.stdout.strip()))
    return next(
        (
            folder
            for folder in folders
            if all(os.access(folder / name, os.X_OK) for name in ("initdb", "pg_ctl", "postgres"))
        ),
        None,
    )


def main() -> int:
    """Install PostgreSQL where the system has none; return 1 and say what to do where that fails."""
    if server_programs():
        return 0
    problem = "this needs apt and root."
    if system_packages.can_install():
        print("Installing PostgreSQL for the tests of the databases …", flush=True)
        problem = system_packages.install("postgresql")
        if not problem and not server_programs():
            problem = "the package brought no initdb, pg_ctl and postgres."
    if problem:
        print(f"PostgreSQL could not be installed: {problem} {REMEDY}", file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
