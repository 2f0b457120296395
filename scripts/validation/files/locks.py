"""The locks hold what their inputs ask for, each release by its hashes, and nothing from elsewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from scripts.catalogue.files.problems import Problem, Problems
from scripts.releases.lock import LOCK
from scripts.validation.rules import read, rule

LOCKS = ("requirements/site.txt", LOCK)
ALL_LOCKS = (
    *LOCKS,
    "requirements/oldest.txt",
    "requirements/runner.txt",
    "requirements/semgrep.txt",
)
PIN = re.compile(r"([a-z0-9-]+)==(\S+)( ; [^\\]+)? \\")
HASH = re.compile(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?")
INPUT = re.compile(r"(?!-r )[^#\s][^#]*")
REMEDY = "Run `make lock`."


def pins(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, name and version of each release of a lock."""
    for number, line in enumerate(text.splitlines(), 1):
        if pin := PIN.fullmatch(line):
            yield number, pin[1], pin[2]


def asked_for(root: Path, name: str) -> Iterator[tuple[str, int, Requirement]]:
    """Yield file, line and requirement of everything that an input of a lock asks for, included files too."""
    for number, line in enumerate(read(root, name).splitlines(), 1):
        if line.startswith("-r "):
            yield from asked_for(root, f"requirements/{line[3:].strip()}")
        elif asked := INPUT.match(line):
            try:
                yield name, number, Requirement(asked[0].strip())
            except InvalidRequirement:
                fault, remedy = f"{asked[0].strip()!r} is no requirement", "Name a package."
                raise Problems([Problem(name, number, fault, remedy)]) from None


@rule("What is true")
def locks_hold_what_their_inputs_ask_for(root: Path) -> Iterator[Problem]:
    for lock in ALL_LOCKS:
        versions: dict[str, set[str]] = {}
        for _, name, version in pins(read(root, lock)):
            versions.setdefault(name, set()).add(version)
        for file, line, asked in asked_for(root, lock.replace(".txt", ".in")):
            found = versions.get(canonicalize_name(asked.name), set())
            if not any(asked.specifier.contains(version, prereleases=True) for version in found):
                has = f"has {', '.join(sorted(found))}" if found else "has none"
                yield Problem(file, line, f"{asked} is asked for, and {lock} {has}", REMEDY)


@rule("What is true")
def locks_agree(root: Path) -> Iterator[Problem]:
    site, test = ({(n, v) for _, n, v in pins(read(root, lock))} for lock in LOCKS)
    for line, name, version in pins(read(root, LOCKS[0])):
        if (name, version) in site - test:
            fault = f"{name} {version} is another release than in {LOCKS[1]}"
            yield Problem(LOCKS[0], line, fault, REMEDY)


@rule("What is true")
def locks_name_releases_by_their_hashes_alone(root: Path) -> Iterator[Problem]:
    for lock in ALL_LOCKS:
        lines = read(root, lock).splitlines()
        if not re.fullmatch(r"# Locked on \d{4}-\d\d-\d\d by `make lock`; do not edit\.", lines[0]):
            yield Problem(lock, 1, "the date of the lock is missing", REMEDY)
        for number, line in enumerate(lines[1:], 2):
            following = lines[number] if number < len(lines) else ""
            if re.match(r"[a-z0-9-]+==\S+", line) and not HASH.fullmatch(following):
                yield Problem(lock, number, f"{line.split()[0]} has no hash", REMEDY)
            elif not PIN.fullmatch(line) and not HASH.fullmatch(line):
                fault = f"{line.strip():.60} is no release with its hashes"
                yield Problem(lock, number, fault, REMEDY)
