"""The record of what runs in the browser knows the programs that the pages show, and no others."""

from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.tables import read_rows
from scripts.catalogue.shown_code import shown_blocks
from scripts.runner.record import RUNS
from scripts.validation.code.blocks import snippets
from scripts.validation.rules import Stage, read, rule


@rule("Programs that run in the page", Stage.LATER)
def every_program_was_run_in_the_browser(root: Path) -> Iterator[Problem]:
    # What lies there and no page shows is the fault of another rule.
    rows, known = read_rows(root, RUNS, columns=3), set[str]()
    recorded = {row.cells[0]: row.line for row in reversed(rows)}
    for page in load(root).answers.values():
        text = read(root, page.file)
        programs = {b.path: b for b in shown_blocks(text) if b.language == "python"}
        code = {name.removeprefix("snippets/") for name in snippets(root, page)}
        known |= {path for path in code if path.endswith(".py")}
        new = [path for path in programs if path in code and path not in recorded]
        if new and "WRITE: " not in text:
            more = f" and {len(new) - 1} more of the page" if len(new) > 1 else ""
            remedy = f"Run `make runs ONLY={page.snippets.removeprefix('snippets/')}`."
            yield Problem(f"snippets/{new[0]}", 1, f"no line of {RUNS} is about it{more}", remedy)
    for row in rows:
        path = row.cells[0]
        if path not in known:
            remedy = "Delete the line, or run `make runs`."
            yield Problem(RUNS, row.line, f"{path} is on no page", remedy)
        elif row.line != recorded[path]:
            fault = f"{path} stands in line {recorded[path]} too"
            yield Problem(RUNS, row.line, fault, "Keep one of them, or run `make runs`.")
