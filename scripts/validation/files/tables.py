"""The files of which a program reads each line hold such lines, and no file holds two versions of itself."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import content_of
from scripts.catalogue.files.tables import HEADS, read_rows
from scripts.releases.record import read_record
from scripts.validation.rules import Stage, files, line_at, names, read, rule

# From the first mark of a merge to its last; of a half-repaired one, what is left.
CONFLICT = re.compile(r"^<{7} .*?(?:^>{7} |\Z)|^>{7} ", re.M | re.S)

HITS = "data/recorded_hits.tsv"
# Tables whose lines are told apart by more than their first cell, or have a rule of their own.
SEVERAL = (
    *(HITS, "data/redirects.tsv", "data/runs.tsv"),
    *("data/settings.tsv", "data/styles.tsv", "tests/"),
)
MAY_BE_EMPTY = ("data/places.tsv", "data/settings.tsv", "data/styles.tsv")
LAST_SAYS_IT = "tests/mistakes/"
MARKS = (b"<" * 7 + b" ", b">" * 7 + b" ")


@rule("Files", Stage.TEXT)
def every_merge_is_finished(root: Path) -> Iterator[Problem]:
    for name in files(root):
        content = b"" if os.path.islink(f"{root}/{name}") else content_of(root, name)
        if any(mark in content for mark in MARKS):
            text = read(root, name)
            for conflict in CONFLICT.finditer(text):
                remedy = (
                    "Keep the right lines, and delete those of `<<<<<<<`, `=======` and `>>>>>>>`."
                )
                line = line_at(text, conflict.start())
                yield Problem(name, line, "two versions that git could not merge", remedy)


@rule("Files", Stage.TEXT)
def every_line_of_a_table_has_its_columns(root: Path) -> Iterator[Problem]:
    for name in files(root, "data", "tests", suffix=".tsv"):
        lines = enumerate(read(root, name).splitlines(), 1)
        rows = [(number, line) for number, line in lines if not line.startswith("# ")]
        for number, line in rows[1:]:
            if line.count("\t") != rows[0][1].count("\t"):
                has, needs = (text.count("\t") + 1 for text in (line, rows[0][1]))
                fault = f"the line has {has} of {needs} columns"
                yield Problem(name, number, fault, "Put one tab between two columns.")


def counts_hits(cells: tuple[str, ...]) -> bool:
    """Tell whether the last cells are how many hits there are, and how many of them are right."""
    return all(map(str.isdigit, cells[-2:])) and int(cells[-1]) <= int(cells[-2])


@rule("Files")
def every_line_of_a_table_says_something_new(root: Path) -> Iterator[Problem]:
    for name in HEADS:
        first: dict[str, int] = {}
        for row in read_rows(root, name) if name in names(root) else ():
            key = row.cells[0].casefold()
            needed = row.cells[-1:] if name.startswith(LAST_SAYS_IT) else row.cells
            if not all(map(str.strip, needed)) and not name.startswith(MAY_BE_EMPTY):
                yield Problem(name, row.line, "a column is empty", "Fill it, or delete the line.")
            elif name == HITS and not counts_hits(row.cells):
                fault = f"{row.cells[-1]} of {row.cells[-2]} hits are right"
                yield Problem(name, row.line, fault, "Count the hits, and of them the right ones.")
            elif not name.startswith(SEVERAL) and first.setdefault(key, row.line) != row.line:
                fault = f"{row.cells[0]:.60} stands in line {first[key]} already"
                yield Problem(name, row.line, fault, "Keep one.")


@rule("Other releases", Stage.TEXT)
def the_record_of_other_releases_can_be_read(root: Path) -> list[Problem]:
    read_record(root)
    return []
