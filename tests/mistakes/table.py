"""The mistakes of the tables: a line for each, with the check that refuses it and the line that says so.

The edit is ``+`` and what is added, ``=`` and what the file holds instead, ``-`` for a file that is
deleted, or what stands there, ``=>`` and what stands there instead. ``\\n`` is a line break, ``\\t`` a
tab, ``\\u200b`` a sign by its number. Without another place the file that is edited is the one that is named.
"""

import re

from scripts.authors.linters import LINTERS
from scripts.catalogue.files.tables import HEADS, read_rows
from scripts.project import ROOT
from scripts.validation.rules import RULES
from tests.mistakes.mistake import (
    CODE,
    PAGE,
    RIGHT,
    TESTS,
    WRONG,
    Edit,
    Mistake,
    Refusal,
    add,
    catalogue,
    linter,
    replace,
    rule,
    write,
)

TABLES = [name for name in HEADS if name.startswith("tests/mistakes/kinds/")]
FILES = {"PAGE": PAGE, "CODE": CODE, "RIGHT": RIGHT, "TESTS": TESTS, "WRONG": WRONG}
IN_A_RUN = ("run", "import")
"""What only shows when pytest runs; ``tests/proving/test_hooks.py`` has it run."""


def check_of(name: str) -> Refusal:
    """Return a check by its name: a rule, a linter or the catalogue."""
    if name == "catalogue":
        return catalogue
    rules = {check.__name__: check for check in RULES}
    return rule(rules[name]) if name in rules else linter(name)


def edit_of(file: str, text: str) -> Edit:
    """Return the edit that the table describes."""
    old, arrow, new = text.partition(" => ")
    if arrow:
        return replace(file, old, new)
    kinds = {"+": lambda: add(text[1:], file), "=": lambda: write(file, text[1:])}
    return kinds[text[0]]() if text[0] in kinds else write(file, None)


def rows() -> list[tuple[str, ...]]:
    """Return the cells of the tables, with the names of files and the line breaks in full."""
    found = []
    for row in (row for table in TABLES for row in read_rows(ROOT, table, columns=7)):
        cells = [cell.replace("\\n", "\n").replace("\\t", "\t") for cell in row.cells]
        cells = [
            re.sub(r"\\u([0-9a-f]{4})", lambda sign: chr(int(sign[1], 16)), cell) for cell in cells
        ]
        for place in (2, 4):
            cells[place] = re.sub(r"^[A-Z]+(?=$|/)", lambda name: FILES[name[0]], cells[place])
        found.append(tuple(cells))
    return found


ROWS = rows()
MISTAKES = [
    Mistake(name, edit_of(file, edit), check_of(check), place or file, at, says)
    for check, name, file, edit, place, at, says in ROWS
    if check not in IN_A_RUN and (check in LINTERS or not check.startswith("the scripts"))
]
RUNS = [(check, edit, says) for check, _, _, edit, _, _, says in ROWS if check in IN_A_RUN]
