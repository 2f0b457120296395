"""The files of which a program reads each line hold such lines, and no file holds two versions of itself."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import content_of
from scripts.releases.record import read_record
from scripts.validation.rules import Stage, files, line_at, read, rule

# From the first mark of a merge to its last; of a half-repaired one, what is left.
CONFLICT = re.compile(r"^<{7} .*?(?:^>{7} |\Z)|^>{7} ", re.M | re.S)

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


@rule("Other releases", Stage.TEXT)
def the_record_of_other_releases_can_be_read(root: Path) -> list[Problem]:
    read_record(root)
    return []
