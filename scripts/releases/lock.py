"""What the lock says: the versions that the answers are checked on, and since when."""

import re
from dataclasses import dataclass
from pathlib import Path

from scripts.catalogue.files.reading import once, text_of
from scripts.project import ROOT

LOCK = "requirements/test.txt"


@dataclass(frozen=True)
class Lock:
    """Versions by package name, and the day (ISO 8601) on which they were chosen."""

    versions: dict[str, str]
    date: str


@once
def read_lock(root: Path = ROOT) -> Lock:
    """Read the versions and the date from the lock file.

    Raises ``ValueError`` where the first line does not carry the date that ``make lock`` writes.
    """
    text = text_of(root, LOCK)
    date = re.match(r"# Locked on (\d{4}-\d\d-\d\d)", text)
    if not date:
        raise ValueError(f"{LOCK}:1: the date of the lock is missing. Run `make lock`.")
    return Lock(dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.M)), date[1])
