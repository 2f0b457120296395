"""The mistakes that show only when a test runs: all of them in one run of pytest."""

import re
import sys
import textwrap
from pathlib import Path

import pytest

from scripts.catalogue.answers import load
from tests.mistakes.mistake import CODE, PYTEST, copy, run
from tests.mistakes.table import RUNS
from tests.proving.hooks import page_of
from tests.proving.watching import SNIPPETS

pytestmark = pytest.mark.site  # it copies the project

HEAD = """import contextlib, os, sqlite3, threading, time
import pytest

name = __name__


def wait():
    threading.Event().wait()


"""
FAULT = re.compile(rf"^(?:E +\w+: )?{CODE}/(test_bad_\w+)\.py:\d+: (.+)$", re.M)


@pytest.fixture(scope="session")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what a run of pytest says of each mistake, by the file that it is in."""
    tree = copy(tmp_path_factory.mktemp("project"))
    for number, (kind, text, _) in enumerate(RUNS):
        if kind == "run":
            text = f"def test_it():\n{textwrap.indent(text, '    ')}"
        tree.write(f"{CODE}/test_bad_{number}.py", f"{HEAD}{text}\n")
    hooks = tree.text("tests/proving/hooks.py")
    tree.write("tests/proving/hooks.py", re.sub(r"(?<=LONGEST_IMPORT = )\d+", "1", hooks))
    options = ["--tb=short", "--continue-on-collection-errors", "-W", "ignore", CODE]
    code, output = run(tree.root, [*PYTEST, *options])
    assert code == 1
    found: dict[str, str] = {}
    for file, text in FAULT.findall(output):
        found[file] = f"{found.get(file, '')}{text}\n"
    return found


@pytest.mark.parametrize("number", range(len(RUNS)), ids=lambda number: RUNS[number][1])
def test_a_mistake_that_only_shows_in_a_run_is_refused(said: dict[str, str], number: int) -> None:
    if "import sleeps" in RUNS[number][2] and sys.version_info < (3, 13):
        pytest.skip("older Pythons do not tell of a sleep; only one of a minute is noticed")
    lines = said.get(f"test_bad_{number}", "").splitlines()
    assert any(RUNS[number][2] in line for line in lines), lines


def test_each_answer_is_found_from_its_code() -> None:
    for page in load().answers.values():
        code = page.file.removeprefix("docs/").removesuffix(".md").replace("-", "_")
        assert page_of(Path(SNIPPETS, code, "test_it.py")) == page.file
