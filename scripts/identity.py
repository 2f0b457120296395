"""Numbers are identity: the number that a page was published with stays its own, and no other page's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scripts.problems import Problem
from scripts.read_page import line_of

if TYPE_CHECKING:  # the catalogue imports this module
    from scripts.catalogue import AnswerPage

PUBLISHED = "published.txt"
REDIRECTS = "data/redirects.tsv"


def moved_pages(root: Path) -> dict[str, str]:
    """Return the new address of each page that was moved, by the old one."""
    path = root / REDIRECTS
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    pairs = (line.split("\t") for line in lines if not line.startswith("# "))
    return {pair[0]: pair[-1] for pair in pairs if "#" not in pair[0]}


def owners(root: Path) -> dict[int, str]:
    """Return the address of the page that each published short link belongs to, by its number.

    A redirect of an answer that is still there moves nothing: scripts/redirects.py refuses it.
    """
    lines = (root / PUBLISHED).read_text(encoding="utf-8").splitlines()
    redirects = {
        old: new
        for old, new in moved_pages(root).items()
        if not (root / f"docs/{old.rstrip('/')}.md").is_file()
    }
    links = [line.split() for line in lines if " " in line]
    return {int(link.rstrip("/")): redirects.get(page, page) for link, page in links}


def stolen(answers: list[AnswerPage], root: Path) -> list[Problem]:
    """Return the answers that have another number than was published, or the number of another page."""
    recorded = owners(root)
    numbers = {page: number for number, page in recorded.items()}
    addresses = {page.address for page in answers}
    free = max([0, *recorded, *(page.meta.id for page in answers)]) + 1
    problems = []
    for page in answers:
        own = numbers.get(page.address, page.meta.id)
        owner = recorded.get(page.meta.id, page.address)
        if own != page.meta.id:
            fault = f"the id {own} was published, and is now {page.meta.id}"
            remedy = f"Restore {own}."
        elif owner != page.address:
            fault = f"the id {page.meta.id} was published for {owner}"
            remedy = f"Take the next free number, {free}."
            if owner not in addresses:
                remedy = (
                    f"Move a page with `make move`; give a new one the next free number, {free}."
                )
        else:
            continue
        line = line_of((root / page.file).read_text(encoding="utf-8-sig"), ["id"])
        problems.append(Problem(page.file, line, fault, remedy, "Addresses"))
    return problems
