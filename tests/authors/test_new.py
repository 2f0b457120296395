"""`make new` starts an answer that is complete but for the words and the code of its author."""

import datetime
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.authors.new import create
from scripts.authors.transaction import project_files
from scripts.catalogue.answers import Catalogue, load
from scripts.project import ROOT
from scripts.validation.validate import validate
from tests.conftest import make, make_repository

pytestmark = pytest.mark.site  # they copy the project, and only who changes the commands needs them

TODAY = datetime.date(2026, 11, 24)
PLACE = ("concurrency", "waiting-for-two", "What's the way to wait for two things?")
FOLDER = "snippets/concurrency/waiting_for_two"
PAGE = "docs/concurrency/waiting-for-two.md"
BIN = Path(sys.executable).parent


def run(tree: Path, *command: str) -> str:
    """Return what a command prints in ``tree``."""
    result = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=tree, capture_output=True, text=True, check=False
    )
    return result.stdout + result.stderr


def test_make_passes_the_variables_on_and_says_what_to_do_next(
    repository: Path, catalogue: Catalogue
) -> None:
    (repository / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    environment = [f"VENV={sys.prefix}", f"--old-file={sys.prefix}/test.installed"]
    topic, slug, question = PLACE
    variables = [f"TOPIC={topic}", f"SLUG={slug}", f"Q={question}"]
    result = make("new", *environment, *variables, cwd=repository)
    assert result.returncode == 0, result.stderr
    number = max(catalogue.answers) + 1
    assert result.stdout.splitlines() == [
        f"Answer {number}: {PAGE}",
        f"  {FOLDER}/waiting_for_two.py",
        f"  {FOLDER}/wrong_waiting_for_two.py",
        f"  {FOLDER}/test_waiting_for_two.py",
        "  tests/search.tsv",
        "Next: `make serve` shows it; `make check` names each place that you have to write.",
    ]
    page = load(repository).answers[number]
    assert (page.title, page.file) == (question, PAGE)
    assert [change.date for change in page.meta.changes] == [datetime.date.today()]


def test_the_checks_name_the_places_to_write_and_nothing_else(repository: Path) -> None:
    create(repository, *PLACE, TODAY)
    assert run(repository, "ruff", "format", "--check", "--quiet", FOLDER) == ""
    assert run(repository, "ruff", "check", "--quiet", FOLDER) == ""
    assert run(repository, "rumdl", "check", "--quiet", PAGE) == ""
    output = "\n".join(map(str, validate(repository)))
    places = [
        f"{name}:{number}"
        for name in (
            PAGE,
            *sorted(
                path.relative_to(repository).as_posix()
                for path in (repository / FOLDER).glob("*.py")
            ),
            "tests/search.tsv",
        )
        for number, line in enumerate((repository / name).read_text("utf-8").splitlines(), 1)
        if "WRITE" in line
    ]
    named = re.findall(r"^(\S+:\d+): not written yet: .+\. Write it in place of", output, re.M)
    assert named == places
    assert len(named) == len(output.splitlines())
    assert len(places) > 10


def test_the_types_of_the_new_code_are_right(repository: Path) -> None:
    create(repository, *PLACE, TODAY)
    assert run(repository, "mypy", "--no-error-summary", FOLDER) == ""


def test_a_number_is_never_used_twice(repository: Path, catalogue: Catalogue) -> None:
    removed = max(catalogue.answers) + 30
    path = repository / "data/published.txt"
    path.write_text(f"{path.read_text('utf-8')}{removed}/\n", encoding="utf-8")
    assert create(repository, *PLACE, TODAY)[0] == str(removed + 1)


BAD = {
    ("routing", "x", "Why?"): r"There is no topic 'routing'. Choose one of: background-tasks, ",
    ("concurrency", "Await_it", "Why?"): r"The slug 'Await_it' is not kebab-case. Write it like ",
    ("concurrency", "a/b", "Why?"): r"The slug 'a/b' is not kebab-case",
    ("concurrency", "await", "Why?"): r"concurrency/await is taken. Choose another slug.",
    ("concurrency", "index", "Why?"): r"concurrency/index is taken. Choose another slug.",
    ("concurrency", "yield", "Why?"): r"Python cannot import a folder named 'yield'",
    ("concurrency", "2fa", "Why?"): r"Python cannot import a folder named '2fa'",
    ("concurrency", "x", "Because."): r"'Because.' is not a question. End it with a question mark",
    ("concurrency", "gone", "Why?"): r"concurrency/gone was the address of another answer.",
    ("concurrency", "moved", "Why?"): r"concurrency/moved was the address of another answer.",
}


def test_bad_input_gets_one_line_and_changes_nothing(tree: Path, subtests: pytest.Subtests) -> None:
    with (tree / "data/published.txt").open("a", encoding="utf-8") as file:
        file.write("concurrency/gone/\n")
    with (tree / "data/redirects.tsv").open("a", encoding="utf-8") as file:
        file.write("concurrency/moved/\tconcurrency/await/\n")
    before = project_files(make_repository(tree))
    for arguments, message in BAD.items():
        with subtests.test(arguments=arguments):
            with pytest.raises(SystemExit) as refused:
                create(tree, *arguments, TODAY)
            assert re.match(message, str(refused.value))
            assert "\n" not in str(refused.value)
    assert project_files(tree) == before


@pytest.mark.parametrize(
    ("command", "missing"), [("new", "Q"), ("new", "TOPIC"), ("move", "TO"), ("retire", "BY")]
)
def test_a_missing_variable_gets_one_line_with_the_whole_command(
    command: str, missing: str
) -> None:
    variables = {
        "TOPIC": "a",
        "SLUG": "b",
        "Q": "c?",
        "FROM": "d/e",
        "TO": "f/g",
        "ID": "1",
        "BY": "2",
    }
    variables[missing] = ""
    result = subprocess.run(
        [sys.executable, "-m", f"scripts.authors.{command}"],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith(f"{missing} is missing. Write, for example: make {command} ")
    assert result.stderr.count("\n") == 1
