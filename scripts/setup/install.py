"""Install a lock: ``python -m scripts.setup.install requirements/site.txt "builds the site"``.

It says how far it is, and needs nothing but Python's own modules. Where an earlier lock brought what looks at
locks, one that is none is refused before anything of it is installed.
"""

import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable

from scripts.project import ROOT

# A lock names all that is needed; told to look for it again, pip would refuse `name[extra]` as soon as a
# newer release of it is out.
PIP = ["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", "--no-color"]
LOCKED = ["--require-hashes", "--no-deps", "-r"]
RELEASE = re.compile(r"^([a-z0-9-]+)(?:\[[^\]]*\])?==\S+", re.M)
BROKEN = (
    "The installation of .venv was interrupted: it has no pip. Run `make clean`, then this again."
)


def faults() -> list[str]:
    """Return what is wrong with the locks, as far as it can be told before they are installed."""
    try:
        from scripts.catalogue.files.problems import Problems
        from scripts.validation.files import locks
        from scripts.validation.rules import RULES
    except ImportError:  # the first installation
        return []
    rules = [rule for rule in RULES if rule.__module__ == locks.__name__]
    return str(Problems([problem for rule in rules for problem in rule(ROOT)])).splitlines()


def progress(lines: Iterable[str], number: int, *, in_place: bool) -> None:
    """Print which package of how many pip is at, where one line can be written anew."""
    at = 0
    for line in lines:
        name = re.match(r"Collecting ([\w.-]+)", line)
        at += bool(name)
        if in_place and (name or line.startswith("Installing collected packages")):
            step = f"{at} of {number}: {name[1]}" if name else "writing the files"
            print(f"\r  {step:<60}", end="", flush=True)
    if in_place:
        print(f"\r{'':<62}\r", end="", flush=True)


def main(lock: str, purpose: str) -> int:
    """Install ``lock``; return 1 and say why where that fails."""
    if importlib.util.find_spec("pip") is None:
        print(BROKEN, file=sys.stderr)
        return 1
    if told := faults():
        print(*told, sep="\n", file=sys.stderr)
        return 1
    number, start = len(RELEASE.findall((ROOT / lock).read_text(encoding="utf-8"))), time.time()
    print(f"Installing what {purpose}: {number} packages from {lock} …", flush=True)
    command = [sys.executable, *PIP, *LOCKED, lock]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as pip:
        progress(pip.stdout or (), number, in_place=sys.stdout.isatty())
    if not pip.returncode:
        print(f"Installed in {time.time() - start:.0f} s.", flush=True)
    return pip.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
