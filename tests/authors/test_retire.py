"""`make retire` lets another answer replace one, which keeps its page and its number."""

import dataclasses
import datetime
from pathlib import Path

import pytest

from scripts.authors.retire import edit_paths, retire
from scripts.authors.transaction import project_files
from scripts.catalogue.answers import Catalogue, conflicts, load
from scripts.catalogue.notes import read_notes
from scripts.pages.counts import counts
from scripts.project import ROOT
from scripts.publish.configure import configuration
from scripts.validation.code.runs import every_program_was_run_in_the_browser

pytestmark = pytest.mark.site  # they copy the project, and only who changes the commands needs them

TODAY = datetime.datetime.now(datetime.UTC).date()
OLD, NEW, LATER = 7, 9, 4


def test_a_retired_answer_keeps_its_page_and_leaves_the_lists(repository: Path) -> None:
    before, files = load(repository), project_files(repository)
    linking = retire(repository, OLD, NEW, TODAY)
    after = load(repository)
    old, page = before.answers[OLD], after.answers[OLD]
    assert (page.file, page.title, page.snippets) == (old.file, old.title, old.snippets)
    assert page.meta.replaced_by == NEW
    assert page.meta.changes[0].date == TODAY
    assert page.meta.changes[0].text == f"Retired; answer {NEW} replaces it."
    assert page.meta.changes[1:] == old.meta.changes
    changed = {name for name, text in project_files(repository).items() if text != files[name]}
    assert old.file in changed
    assert not any(name.startswith("snippets/") for name in changed)
    assert every_program_was_run_in_the_browser(repository) == []
    assert before.living.keys() - after.living.keys() == {OLD}
    assert [page for topic in after.topics for page in topic.retired] == [page]
    assert counts(after)["answers"] == counts(before)["answers"] - 1
    assert counts(after)["corrections"] == counts(before)["corrections"]
    assert configuration(after)["not_in_nav"] == page.source
    assert page.source not in str(configuration(after)["nav"])
    assert "docs/concurrency/def-or-async-def.md" in linking


def test_what_led_to_a_retired_answer_leads_to_the_other(repository: Path) -> None:
    before = load(repository)
    retire(repository, OLD, NEW, TODAY)
    after = load(repository)
    for number, page in after.answers.items():
        related = list(before.answers[number].meta.related)
        if OLD in related:
            assert NEW in page.meta.related or number == NEW
        assert len(page.meta.related) == len(set(page.meta.related))
        others = [n for n in related if n not in (OLD, NEW)]
        assert [n for n in page.meta.related if n not in (OLD, NEW)] == others
    for note in read_notes(after, repository):
        assert all(page.meta.replaced_by is None for page in note.answers)
        if note.number in before.answers[OLD].meta.notes:
            assert NEW in [page.meta.id for page in note.answers]
    name = "tests/search.tsv"
    phrases = (repository / name).read_text(encoding="utf-8").splitlines()
    ids = [line.split("\t")[1].split(",") for line in phrases[1:]]
    assert not any(str(OLD) in numbers for numbers in ids)
    assert all(len(numbers) == len(set(numbers)) for numbers in ids)


def test_who_replaces_can_be_retired_too(repository: Path) -> None:
    retire(repository, OLD, NEW, TODAY)
    retire(repository, NEW, LATER, TODAY)
    answers = load(repository).answers
    assert [answers[number].meta.replaced_by for number in (OLD, NEW, LATER)] == [
        LATER,
        LATER,
        None,
    ]


BAD = {
    (9999, NEW): "9999 is no answer, or retired. `docs/` has the numbers, as `id`.",
    (NEW, 9999): "9999 is no answer, or retired.",
    (OLD, LATER): "7 is no answer, or retired.",
    (LATER, OLD): "7 is no answer, or retired.",
    (NEW, NEW): "9 cannot replace itself. Name another answer with BY.",
}


def test_bad_input_gets_one_line_and_changes_nothing(
    repository: Path, subtests: pytest.Subtests
) -> None:
    retire(repository, OLD, NEW, TODAY)
    before = project_files(repository)
    for arguments, message in BAD.items():
        with subtests.test(arguments=arguments):
            with pytest.raises(SystemExit) as refused:
                retire(repository, *arguments, TODAY)
            assert str(refused.value).startswith(message)
    assert project_files(repository) == before


@pytest.mark.parametrize(
    ("update", "message"),
    [
        (
            {"replaced_by": OLD},
            "replaced_by: 7 is no other answer, or retired itself. Name the answer",
        ),
        ({"replaced_by": 9999}, "replaced_by: 9999 is no other answer, or retired itself."),
        ({"related": [NEW]}, "related: 9 is no other answer, or retired. Name ids of existing"),
    ],
)
def test_a_retired_answer_is_named_by_nothing_that_is_read(
    catalogue: Catalogue, update: dict[str, object], message: str
) -> None:
    pages = dict(catalogue.answers)
    for number, values in ((NEW, {"replaced_by": LATER}), (OLD, update)):
        meta = pages[number].meta.model_copy(update=values)
        pages[number] = dataclasses.replace(pages[number], meta=meta)
    lines = [str(problem) for problem in conflicts(list(pages.values()), ROOT)]
    assert any(line.startswith(f"{pages[OLD].file}:") and message in line for line in lines)


def test_learning_paths_name_the_other_answer_once_for_each_occasion() -> None:
    paths = "# Paths\n\n## A\n\n{{ path([3, 7]) }}\n\n{{ path([9, 5]) }}\n\n## B\n\n{{ path([9, 7]) }}\n"
    expected = (
        "# Paths\n\n## A\n\n{{ path([3, 9]) }}\n\n{{ path([5]) }}\n\n## B\n\n{{ path([9]) }}\n"
    )
    assert edit_paths(paths, OLD, NEW) == expected
    assert edit_paths(expected, OLD, NEW) == expected
