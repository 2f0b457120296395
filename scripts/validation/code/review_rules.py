"""Rules for reviews: their form, and that dated copies stay as they are; Semgrep tries what they find."""

from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.rules.frozen import FOLDER, TABLE, digest, frozen
from scripts.rules.read_rules import read_rules
from scripts.rules.rule_file import FILE
from scripts.validation.rules import Stage, files, read, rule


@rule("Rules")
def every_rule_finds_a_finding_of_its_page(root: Path) -> Iterator[Problem]:
    owned = {f"{page.snippets}/{FILE}" for page in load(root).answers.values()}
    for name in files(root, "snippets", suffix=f"/{FILE}"):
        if name not in owned:
            remedy = "Put it beside the code of an answer: snippets/<topic>/<slug>/rules.yml."
            yield Problem(name, 1, "no answer has findings for these rules", remedy)
    read_rules(root)


@rule("Rules", Stage.TEXT)
def dated_copies_of_the_rules_never_change(root: Path) -> Iterator[Problem]:
    known = {f"{FOLDER}/{date}.yml": value for date, value in frozen(root).items()}
    present = [name for name in files(root, "data") if name.startswith(f"{FOLDER}/")]
    for name in sorted({*known, *present}):
        remedy = f"Restore it: git checkout -- {name} {TABLE}; `make freeze` adds a new one."
        if name not in known or name not in present:
            missing = TABLE if name in present else f"{FOLDER}/"
            yield Problem(TABLE, 1, f"{name} is missing in {missing}", remedy)
        elif digest(read(root, name)) != known[name]:
            yield Problem(name, 1, "the dated copy was changed", remedy)
