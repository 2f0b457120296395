"""The lists and numbers that help to browse are counted and ordered as their pages say."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

from scripts.catalogue.answers import AnswerPage, Catalogue, TopicPage
from scripts.catalogue.files.front_matter import Answer, Topic
from scripts.pages import lists as browsing
from scripts.pages import reading_time
from scripts.pages.counts import count_tests
from scripts.pages.list_macros import browsing_macros, duration

DAY = datetime.date(2026, 11, 24)


def answer(number: int, **values: Any) -> AnswerPage:
    """Return an answer with this number and what else its front matter is to hold."""
    meta = {
        "id": number,
        "answer": "A short answer in seven plain words.",
        "asked_as": ["Another wording"],
        "level": "basic",
        "related": [],
        "sources": [{"title": "An example", "url": "https://example.com/"}],
        "changes": [{"date": DAY, "text": "First version."}],
    }
    return AnswerPage(f"docs/topic/page-{number}.md", "Why?", Answer.model_validate(meta | values))


def catalogue_of(*answers: AnswerPage) -> Catalogue:
    """Return a catalogue of one topic."""
    topic = Topic(description="A topic of answers, which describes itself.", order=1)
    return Catalogue((TopicPage("docs/topic/index.md", "Topic", topic, answers),))


def write(root: Path, name: str, text: str) -> None:
    """Write a file below ``root``."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_test_functions_are_counted_and_nothing_else(tmp_path: Path) -> None:
    module = (
        "def test_one(): ...\nasync def test_two():\n    def test_inner(): ...\ndef helper(): ...\n"
    )
    write(tmp_path, "snippets/topic/page/test_page.py", module)
    write(tmp_path, "snippets/topic/page/shown_test.py", "def test_shown(): ...\n")
    assert count_tests(tmp_path) == 2


def test_answers_that_link_twice_count_once_and_no_answer_counts_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "ROOT", tmp_path)
    pages = [answer(1, related=[2]), answer(2), answer(3, related=[1])]
    texts = [
        "[two](page-2.md) and [two](page-2.md#part)",
        "[itself](page-2.md), [another site](https://example.com/page-3.md)",
        "[two](../topic/page-2.md)",
    ]
    for page, text in zip(pages, texts, strict=True):
        write(tmp_path, page.file, text)
    ranked = browsing.most_linked(catalogue_of(*pages), 5)
    assert [(page.meta.id, count) for page, count in ranked] == [(2, 2), (1, 1)]


def test_newest_changes_come_first_and_corrections_before_first_versions() -> None:
    next_day = DAY + datetime.timedelta(1)
    changed = {"date": next_day, "text": "Corrected a sentence."}
    first = {"date": DAY, "text": "First version."}
    pages = [
        answer(
            1, changes=[changed, changed | {"text": "Another sentence too."}, first]
        ),  # it is listed once
        answer(2, changes=[{"date": next_day, "text": "First version."}]),
        answer(3),
    ]
    listed = browsing.newest(catalogue_of(*pages), 3)
    assert [(page.meta.id, change.text) for page, change in listed] == [
        (1, "Corrected a sentence."),
        (2, "First version."),
        (3, "First version."),
    ]


def test_an_answer_needs_every_version_up_to_its_own() -> None:
    pages = [
        answer(1, since={"fastapi": "0.95.0"}),
        answer(2, since={"fastapi": "0.118.0", "python": "3.11"}),
        answer(3),
    ]
    catalogue = catalogue_of(*pages)
    old, new = "FastAPI 0.95.0 or newer", "FastAPI 0.118.0 or newer"
    needs = [browsing.floors(catalogue, page) for page in pages]
    assert needs == [[old], [new, old, "Python 3.11 or newer"], ["any version"]]


def test_reading_time_counts_words_and_code_but_no_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_time, "ROOT", tmp_path)
    page = answer(1)  # seven words
    body = '{{ answer_head() }}\n\nSee [the docs](https://example.com/a-b).\n\n--8<-- "code.py:shown"\n'
    write(tmp_path, page.file, f"---\nid: 1\n---\n# Why is it so?\n\n{body}")
    write(
        tmp_path, "snippets/code.py", "# --8<-- [start:shown]\napp.get('/')\n# --8<-- [end:shown]\n"
    )
    assert reading_time.words(page) == 7 + 4 + 3 + 1
    assert reading_time.minutes(page) == 1


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "0 min"), (48, "48 min"), (120, "2 h"), (125, "2 h 5 min")]
)
def test_durations_read_as_hours_and_minutes(minutes: int, text: str) -> None:
    assert duration(minutes) == text


def test_a_path_names_the_number_that_is_no_answer(
    catalogue: Catalogue,
) -> None:
    *_, path = browsing_macros(catalogue, Environment(autoescape=True), lambda *_, **__: "")
    with pytest.raises(ValueError, match="no answer has the number 9999"):
        path([1, 9999])
