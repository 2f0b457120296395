"""The redirects: where the addresses lead that pages and headings once had.

``data/redirects.tsv`` holds two addresses a line, the old one and the new one, sorted. Both are pages
(``concurrency/await/``), or both are headings of one page that is still there (``concurrency/await/#why``).
`make move` writes the pages; a heading that gets another name is added by hand.
``scripts/publish/redirects.py`` writes the pages that lead on.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from scripts.catalogue.answers import Catalogue
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.tables import read_rows
from scripts.catalogue.identity import REDIRECTS
from scripts.project import ROOT

ADDRESS = re.compile(r"((?:[\w-]+/)*)(?:#([^\s#]+))?")


@dataclass(frozen=True)
class Redirect:
    """One line of the file, from 1, and its two addresses."""

    line: int
    old: str
    new: str

    @property
    def anchors(self) -> list[str]:
        """The old and the new heading's id; none where pages are redirected."""
        return [anchor for address in (self.old, self.new) if (anchor := address.partition("#")[2])]


def read_redirects(root: Path = ROOT) -> list[Redirect]:
    """Return the redirects in the order of the file; a line without a tab has an empty new address."""
    rows = read_rows(root, REDIRECTS)
    return [Redirect(row.line, row.cells[0], "\t".join(row.cells[1:])) for row in rows]


def write_redirects(root: Path, redirects: dict[str, str]) -> None:
    """Write the redirects (new by old address), sorted, below the comments of the file."""
    path = root / REDIRECTS
    text = path.read_text(encoding="utf-8").splitlines()
    lines = ["\t".join(pair) for pair in sorted(redirects.items())]
    comments = [line for line in text if line[:2] == "# "]
    path.write_text("\n".join([*comments, *lines]) + "\n", encoding="utf-8")


def faults(catalogue: Catalogue, root: Path = ROOT) -> list[Problem]:
    """Return what is wrong with the redirects, as far as it shows before the build."""
    answers = {page.address for page in catalogue.answers.values()}
    targets = answers | {topic.address for topic in catalogue.topics}
    redirects = read_redirects(root)
    problems, led_on = [], set[str]()
    for redirect in redirects:
        old, new = ADDRESS.fullmatch(redirect.old), ADDRESS.fullmatch(redirect.new)
        same_page = old and new and old[1] == new[1]
        live = exists(redirect.old, catalogue, root)
        fault = remedy = ""
        if (
            not old
            or not new
            or not redirect.new
            or len(redirect.anchors) != (2 if same_page else 0)
        ):
            fault = "this is no redirect"
            remedy = "Write two pages, or two headings of one page, with a tab between them."
        elif not redirect.anchors and live:
            fault, remedy = f"{redirect.old} is a page", "Delete the redirect, or the page."
        elif any(redirect.new == other.old for other in redirects):
            fault = f"{redirect.new} is redirected itself" if redirect.new not in led_on else ""
            led_on.add(redirect.old)
            remedy = "Name the address that it leads to."
        elif not live if redirect.anchors else redirect.new not in targets:
            fault, remedy = f"{new[1]} is no answer and no topic", "Name a page that exists."
        if fault:
            problems.append(Problem(REDIRECTS, redirect.line, fault, remedy))
    problems += [
        Problem(REDIRECTS, two.line, f"{two.old} stands twice", "Keep the line that is right.")
        for one, two in pairwise(sorted(redirects, key=lambda redirect: redirect.old))
        if one.old == two.old
    ]
    return problems


def exists(address: str, catalogue: Catalogue, root: Path = ROOT) -> bool:
    """Tell whether the site has a page at ``address``: an answer, a topic, a short link or another page."""
    page = address.partition("#")[0].rstrip("/")
    files = (root / "docs" / page / "index.md", root / f"docs/{page}.md")
    return any(file.is_file() for file in files) or page in map(str, catalogue.answers)
