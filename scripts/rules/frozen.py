"""Dated copies of the rules, which never change: who pins one gets the same findings for ever.

They lie in ``data/rules/``, with a placeholder for the address of the site, and are published as
``rules-<date>.yml``. ``python -m scripts.rules.frozen`` adds one of today where the newest holds other rules.
"""

import datetime
import hashlib
import sys
from pathlib import Path

from scripts.catalogue.files.annotations import tell
from scripts.catalogue.files.problems import Problems
from scripts.catalogue.files.tables import read_rows
from scripts.project import ROOT
from scripts.rules.join import joined

FOLDER = "data/rules"
TABLE = "data/frozen_rules.tsv"
SITE = "https://site.invalid/"
"""Stands for the address of the site."""


def digest(text: str) -> str:
    """Return what tells a dated copy from any other."""
    return hashlib.sha256(text.encode()).hexdigest()


def frozen(root: Path = ROOT) -> dict[str, str]:
    """Return the digests of all dated copies by date, the oldest first."""
    return {row.cells[0]: row.cells[1] for row in read_rows(root, TABLE, columns=2)}


def copies(site: str, root: Path = ROOT) -> dict[str, str]:
    """Return all dated copies by the name under which they are published."""
    texts = {date: (root / FOLDER / f"{date}.yml").read_text("utf-8") for date in frozen(root)}
    return {f"rules-{date}.yml": text.replace(SITE, site) for date, text in texts.items()}


def freeze(root: Path = ROOT, today: datetime.date | None = None) -> str:
    """Add a dated copy of the rules; return its date, or nothing where the newest copy holds the same.

    A second one of a day gets the next letter: ``2026-11-28b``.
    """
    text, known = joined(root, SITE), frozen(root)
    if digest(text) in list(known.values())[-1:]:
        return ""
    day = str(today or datetime.datetime.now(datetime.UTC).date())
    date = next(
        name for name in (day, *(day + letter for letter in "bcdefgh")) if name not in known
    )
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    (root / FOLDER / f"{date}.yml").write_text(text, encoding="utf-8")
    with (root / TABLE).open("a", encoding="utf-8") as table:
        table.write(f"{date}\t{digest(text)}\n")
    return date


def main() -> int:
    """Add a dated copy, and say so; return 1 where the rules have faults."""
    try:
        date = freeze()
    except Problems as problems:
        tell(problems)
        return 1
    print(f"{FOLDER}/{date}.yml" if date else "The newest copy holds these rules already.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
