"""A finding that refers to code of its page refers to the part that shows this code."""

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.addresses import headings
from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import once
from scripts.validation.code.blocks import includes
from scripts.validation.code.exchanged import REVIEW
from scripts.validation.rules import line_at, read, rule

KINDS = (("Flag", "wrong"), ("Ask for", "right"))


@rule("The page")
def every_finding_refers_to_code_of_its_kind(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        text = read(root, page.file)
        for review in REVIEW.finditer(text):
            for label, key in KINDS:
                named = re.search(rf' data-{key}="([^":]+)(:[^"]+)?"', review[0])
                link = re.search(rf"\*\*{label}:\*\* \[[^\n]+?\]\(#([\w-]+)\)", review[0])
                if not named or not link:
                    continue
                path = f"{named[1]}{named[2] or ''}"
                ids = homes(root, page.file, path)
                if ids and link[1] not in ids:
                    fault = f"#{link[1]} does not lead to {path}"
                    line = line_at(text, review.start() + link.start())
                    yield Problem(page.file, line, fault, f"Lead to #{' or #'.join(ids)}.")


@once
def headings_of(root: Path, page: str) -> list[tuple[str, int]]:
    """Return the ids of the headings of a page with their lines."""
    return headings(read(root, page))


def homes(root: Path, page: str, path: str) -> list[str]:
    """Return the ids of the headings of a page right below which it shows ``path``, a section of a file."""
    above = headings_of(root, page)[::-1]
    lines = [line for line, *named in includes(root, page) if ":".join(filter(None, named)) == path]
    return [next(anchor for anchor, start in above if start < line) for line in lines]
