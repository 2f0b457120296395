"""The tables that are edited by hand: ``data/*.tsv`` and ``tests/search.tsv``, tabs between their columns."""

import re
from dataclasses import dataclass
from pathlib import Path

from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.files.reading import text_of

HEADS = {
    "data/ecosystem.tsv": 1,
    "data/frozen_rules.tsv": 1,
    "data/inline_scripts.tsv": 0,
    "data/notes.tsv": 1,
    "data/places.tsv": 0,
    "data/prose.tsv": 0,
    "data/recorded_hits.tsv": 1,
    "data/redirects.tsv": 0,
    "data/run_outputs.tsv": 0,
    "data/runs.tsv": 0,
    "data/settings.tsv": 0,
    "data/sources.tsv": 0,
    "data/styles.tsv": 0,
    "data/synonyms.tsv": 0,
    "data/unsafe.tsv": 0,
    "tests/mistakes/kinds/catalogue.tsv": 1,
    "tests/mistakes/kinds/code.tsv": 1,
    "tests/mistakes/kinds/files.tsv": 1,
    "tests/mistakes/kinds/linters.tsv": 1,
    "tests/mistakes/kinds/pages.tsv": 1,
    "tests/mistakes/kinds/runs.tsv": 1,
    "tests/search.tsv": 1,
    "tests/unanswered.tsv": 1,
}
"""How many lines of a table, below its comments, name its columns."""


@dataclass(frozen=True)
class Row:
    """A line of a table: its number from 1, and what stands between the tabs."""

    line: int
    cells: tuple[str, ...]


def read_rows(root: Path, name: str, columns: int | None = None) -> list[Row]:
    """Return the rows of a table below its comments (``# ``) and the line that names its columns.

    Raises ``Problems`` where a row has not as many ``columns`` as are asked for.
    """
    lines = text_of(root, name).splitlines()
    rows = [
        Row(number, tuple(line.split("\t")))
        for number, line in enumerate(lines, 1)
        if not line.startswith("# ")
    ][HEADS[name] :]
    problems = [
        Problem(
            name,
            row.line,
            f"the line has {len(row.cells)} of {columns} columns",
            "Put one tab between two columns.",
            "Files",
        )
        for row in rows
        if columns is not None and len(row.cells) != columns
    ]
    if problems:
        raise Problems(problems)
    return rows


def pattern_of(name: str, row: Row, text: str) -> re.Pattern[str]:
    """Return the regular expression ``text`` of a row of the table ``name``.

    Raises ``Problems`` where it is none, or matches whatever there is.
    """
    fault = "the regular expression matches everything"
    try:
        pattern = re.compile(text)
    except re.error as error:
        fault = f"it is no regular expression: {error}"
    else:
        if not pattern.fullmatch("Any other text!"):
            return pattern
    remedy = "Describe what is meant, and no more."
    raise Problems([Problem(name, row.line, fault, remedy, "Files")])
