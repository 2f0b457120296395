"""Make the servers available that some tests of the answers need: PostgreSQL, Redis and nginx.

Takes the system's programs where there are some, else installs the distribution's packages when run as root
on a system with apt. The tests start servers of their own from these programs; no running service is used.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.setup import system_packages


def postgresql_programs() -> Path | None:
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


def program(name: str) -> Path | None:
    """Return the path of a program; ``sbin`` is looked into too, which ordinary users lack in PATH."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    return Path(found) if found else None


@dataclass(frozen=True)
class Server:
    """A server that tests start: its name, what finds it, and its package by Debian's and Homebrew's name."""

    name: str
    find: Callable[[], Path | None]
    debian: str
    homebrew: str

    @property
    def remedy(self) -> str:
        """Say in one sentence how to install it."""
        return (
            f"Install it (Debian, Ubuntu: apt install {self.debian}; macOS: brew install {self.homebrew}), "
            "then run `make test` again."
        )


POSTGRESQL = Server("PostgreSQL", lambda: postgresql_programs(), "postgresql", "postgresql")
REDIS = Server("Redis", lambda: program("redis-server"), "redis-server", "redis")
NGINX = Server("nginx", lambda: program("nginx"), "nginx-light", "nginx")
SERVERS = (POSTGRESQL, REDIS, NGINX)


def make_available(server: Server) -> str:
    """Install ``server`` where the system has none; return an empty string, or one line with the remedy."""
    if server.find():
        return ""
    problem = "this needs apt and root."
    if system_packages.can_install():
        print(f"Installing {server.name} for the tests …", flush=True)
        problem = system_packages.install(server.debian)
        if not problem and not server.find():
            problem = "the package did not bring its programs."
    return f"{server.name} could not be installed: {problem} {server.remedy}" if problem else ""


def main() -> int:
    """Make all servers available; return 1 and say what to do for each that is missing."""
    problems = list(filter(None, map(make_available, SERVERS)))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
