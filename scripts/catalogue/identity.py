"""Numbers are identity: the number that a page was published with stays its own, and no other page's."""

import re
from pathlib import Path

from scripts.catalogue.files.explain import line_of
from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.files.reading import once, text_of
from scripts.catalogue.files.tables import read_rows

PUBLISHED = "data/published.txt"
REDIRECTS = "data/redirects.tsv"
LINE = re.compile(r"\d+/ (?:[\w-]+/)+|(?:[\w-]+/)+(?:#\S+)?|#\S+|/")
"""A line of the list of published addresses."""


def address_of(file: str) -> str:
    """Return the address below the site's root of ``docs/concurrency/await.md``: ``concurrency/await/``."""
    return re.sub(r"(index)?\.md$", "", file.removeprefix("docs/")).rstrip("/") + "/"


def moved_pages(root: Path) -> dict[str, str]:
    """Return the new address of each page that was moved, by the old one."""
    if not (root / REDIRECTS).is_file():
        return {}
    rows = read_rows(root, REDIRECTS)
    return {row.cells[0]: row.cells[-1] for row in rows if "#" not in row.cells[0]}


@once
def published(root: Path) -> list[tuple[str, str]]:
    """Return every address that was ever published, with the page that it led to where it is a short link.

    Raises ``Problems`` where a line holds something else.
    """
    lines = text_of(root, PUBLISHED).splitlines()
    remedy = f"Restore it: git checkout -- {PUBLISHED}; only `make addresses` adds lines."
    problems = [
        Problem(PUBLISHED, number, f"{line[:60]!r} is no address", remedy, "Addresses")
        for number, line in enumerate(lines, 1)
        if not LINE.fullmatch(line)
    ]
    if problems:
        raise Problems(problems)
    return [(address, page) for address, _, page in (line.partition(" ") for line in lines)]


def owners(root: Path) -> dict[int, str]:
    """Return the address of the page that each published short link belongs to, by its number.

    A redirect of an answer that is still there moves nothing: scripts/publish/redirects.py refuses it.
    """
    redirects = {
        old: new
        for old, new in moved_pages(root).items()
        if not (root / f"docs/{old.rstrip('/')}.md").is_file()
    }
    links = [(link, page) for link, page in published(root) if page]
    return {int(link.rstrip("/")): redirects.get(page, page) for link, page in links}


def stolen(answers: list[tuple[int, str]], root: Path) -> list[Problem]:
    """Return which of ``answers`` (number and file) lost its published number, or took another page's."""
    recorded = owners(root)
    numbers = {address: number for number, address in recorded.items()}
    addresses = {address_of(file) for _, file in answers}
    free = max([0, *recorded, *(number for number, _ in answers)]) + 1
    problems = []
    for number, file in answers:
        address = address_of(file)
        own = numbers.get(address, number)
        owner = recorded.get(number, address)
        if own != number:
            fault = f"the id {own} was published, and is now {number}"
            remedy = f"Restore {own}."
        elif owner != address:
            fault = f"the id {number} was published for {owner}"
            remedy = f"Take the next free number, {free}."
            if owner not in addresses:
                remedy = (
                    f"Move a page with `make move`; give a new one the next free number, {free}."
                )
        else:
            continue
        line = line_of(text_of(root, file), ["id"])
        problems.append(Problem(file, line, fault, remedy, "Addresses"))
    return problems
