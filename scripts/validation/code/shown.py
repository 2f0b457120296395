"""Wrong code is called wrong where it is shown; right code follows every rule, and stands alone."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.names import is_test, is_wrong
from scripts.rules.prove import is_right
from scripts.validation.code.blocks import INCLUDE, RECORDED, blocks
from scripts.validation.rules import files, line_at, read, rule

CALLED_WRONG = re.compile(r'.*title="(Flag"|Wrong: )')
SEEMS_WRONG = re.compile(r'.*title="(Flag"|Wrong\b)', re.I)
SUPPRESSION = re.compile(
    r"#\s*(noqa|type:\s*ignore|mypy:|ruff:|flake8:|fmt:|isort:|nosec|pragma|pyright)[^\n]*"
    r"|@(typing\.)?no_type_check\b|\bsuppress\((Base)?Exception\)",
    re.I,
)
WHOLE_FILE = re.compile(
    r"#\s*(ruff|flake8):\s*noqa|#\s*mypy:\s*(ignore|disable|allow|no)[^\n]*|#\s*fmt:\s*off"
)
IMPORT = re.compile(
    r"""^\s*(?:from|import) (snippets(?:\.\w+)*)|["'](?=(?:tests|scripts)\.)([a-z_.]+)["']""", re.M
)


@functools.cache
def own_code(topic: str, slug: str) -> re.Pattern[str]:
    """Return what the code of an answer may import of ``snippets/``."""
    return re.compile(rf"snippets\.({topic}(\.conftest|\.{slug}(\.\w+)*)?|conftest)")


@rule("Code")
def wrong_code_alone_is_called_wrong(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs", suffix=".md"):
        for block in blocks(root, name):
            include = INCLUDE.fullmatch("\n".join(block.body).strip())
            if not include or include["path"].endswith(RECORDED):
                continue
            if is_wrong(include["path"]) and not CALLED_WRONG.match(block.info):
                remedy = 'Begin the title with "Wrong: ", or call a file of right code otherwise.'
                yield Problem(name, block.line, "wrong code is shown as if it were right", remedy)
            elif SEEMS_WRONG.match(block.info) and not is_wrong(include["path"]):
                remedy = "Call its file wrong_…, or give it another title."
                yield Problem(name, block.line, "right code is called wrong", remedy)


@rule("Code")
def no_check_of_right_code_is_switched_off(root: Path) -> Iterator[Problem]:
    for name in files(root, "snippets", "scripts", "tests", suffix=".py"):
        shown = name.startswith("snippets/") and is_right(name)
        if not is_wrong(name):
            text = read(root, name)
            for found in (SUPPRESSION if shown else WHOLE_FILE).finditer(text):
                remedy = "Delete it, and repair what it hides."
                fault = f"{found[0].strip()!r} switches a check off"
                yield Problem(name, line_at(text, found.start()), fault, remedy)


@rule("Code")
def every_answer_stands_alone(root: Path) -> Iterator[Problem]:
    for name in files(root, "snippets", suffix=".py"):
        _, topic, slug, *_ = [*name.split("/"), ""]
        text = read(root, name)
        for found in IMPORT.finditer(text):
            named = found[1] or found[2]
            line = text[found.start() :].lstrip().partition("\n")[0]
            if "conftest" in line and not is_test(name):
                remedy = "Write it into the program: a reader has no conftest.py of ours."
                fault = f"{line!r} makes it a part of the tests"
                yield Problem(name, line_at(text, found.end()), fault, remedy)
            elif not own_code(topic, slug).fullmatch(named):
                fault = f"{named} belongs to another answer"
                remedy = "Copy what it needs: a program is complete in one file."
                if found[2]:
                    fault = f"{named} is part of the checks of the project"
                    remedy = "Leave it alone: a snippet and its test stand alone."
                yield Problem(name, line_at(text, found.end()), fault, remedy)
