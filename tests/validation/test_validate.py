"""The files of this project follow every rule, and one fault gives one line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.catalogue.files.problems import Problem
from scripts.validation import validate as validation
from scripts.validation.rules import RULES, Check, Stage, names
from scripts.validation.validate import subject, validate
from tests.refuse import refuse

PAGE, CODE = "docs/topic/one-answer.md", "snippets/topic/one_answer/code.py"


def test_the_files_follow_every_rule() -> None:
    refuse(validate())
    assert len(RULES) > 20


def finds(*files: str) -> Check:
    """Return a rule that finds a fault in each of ``files``."""
    return lambda root: [Problem(file, 1, "wrong", "Correct it.") for file in files]


@pytest.fixture
def follow(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Return a function that follows rules of the given stages, and tells the files with faults."""

    def follow(*rules: tuple[Stage, Check], last: Stage = Stage.LATER) -> list[str]:
        monkeypatch.setattr(validation, "RULES", {check: stage for stage, check in rules})
        monkeypatch.setattr(validation, "front_matter", lambda root: [])
        return [problem.file for problem in validate(Path("nowhere"), last)]

    return follow


def test_what_has_a_fault_is_left_out_of_later_stages(follow: Callable[..., list[str]]) -> None:
    rest = (Stage.REST, finds(PAGE, CODE, "README.md"))
    assert follow((Stage.PARTS, finds(PAGE)), rest) == [PAGE, "README.md"][::-1]
    assert follow((Stage.PARTS, finds(CODE)), (Stage.FINDINGS, finds(PAGE))) == [CODE]


def test_rules_of_one_stage_find_different_faults(follow: Callable[..., list[str]]) -> None:
    assert follow((Stage.PARTS, finds(PAGE)), (Stage.PARTS, finds(PAGE))) == [PAGE, PAGE]


def test_what_cannot_be_read_has_one_fault(follow: Callable[..., list[str]]) -> None:
    assert follow((Stage.TEXT, finds(PAGE)), (Stage.TEXT, finds(PAGE, CODE, "a"))) == ["a", PAGE]


def test_what_the_author_still_writes_stops_no_build(follow: Callable[..., list[str]]) -> None:
    rules = ((Stage.REST, finds("a")), (Stage.LATER, finds("b")))
    assert follow(*rules, last=Stage.REST) == ["a"]
    assert follow(*rules) == ["a", "b"]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (PAGE, "topic/one-answer"),
        (CODE, "topic/one-answer"),
        ("snippets/topic/one_answer", "topic/one-answer"),
        ("snippets/topic/conftest.py", "snippets/topic/conftest.py"),
        ("docs/index.md", "docs/index.md"),
        ("data/notes.tsv", "data/notes.tsv"),
    ],
)
def test_a_page_and_its_code_are_one(file: str, expected: str) -> None:
    assert subject(file) == expected


def test_files_are_listed_without_git(tmp_path: Path) -> None:
    for name in ("docs/a.md", "tests/__pycache__/b.pyc", ".venv/c.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert names(tmp_path) == ["docs/a.md"]
