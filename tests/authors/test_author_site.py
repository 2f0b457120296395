"""The site that is built after the commands for authors: one copy of the project, changed by each of them."""

import datetime
import json
import re
from pathlib import Path

import pytest

from scripts.authors.fix import sort
from scripts.authors.move import move
from scripts.authors.new import create
from scripts.authors.retire import retire
from scripts.catalogue.addresses import missing
from scripts.catalogue.answers import load
from scripts.catalogue.identity import REDIRECTS
from scripts.publish.addresses import built
from scripts.publish.search_index import INDEX
from tests.mistakes.mistake import BUILD, PYTEST, run
from tests.site_pages import BuiltPage, built_page

TODAY = datetime.datetime.now(datetime.UTC).date()
FROM, TO = "concurrency/concurrent-calls", "testing/computing"
OLD, NEW = 7, 9
FORMER, HEADING = "an-await-too-many", "an-await-that-does-not-wait"
UNWRITTEN = re.compile(
    r"waiting[-_]for[-_]two|not written yet|tests/search\.tsv|data/published\.txt|#an-await-that"
)


@pytest.fixture
def root(repository: Path) -> Path:
    """A copy of the project with a moved, a retired and a new answer and a renamed heading, built."""
    root = repository
    move(root, FROM, TO)
    retire(root, OLD, NEW, TODAY)
    create(root, "concurrency", "waiting-for-two", "What waits for two?", TODAY)
    page = root / "docs/concurrency/await.md"
    text = page.read_text(encoding="utf-8")
    assert "\n## An await too many\n" in text
    text = text.replace("An await too many", "An await that does not wait")
    page.write_text(text, encoding="utf-8")
    with (root / REDIRECTS).open("a", encoding="utf-8") as file:
        file.write(f"concurrency/await/#{FORMER}\tconcurrency/await/#{HEADING}\n")
    sort(root)
    code, output = run(root, BUILD)
    assert code == 0, output
    return root


def page(root: Path, address: str) -> BuiltPage:
    """Return a page of the built site."""
    return built_page(root / "site" / address / "index.html")


def every_address_that_was_published_resolves(root: Path) -> None:
    assert missing(built(root / "site"), root) == []
    assert f"{FROM}/#in-review" in (root / "data/published.txt").read_text(encoding="utf-8")


def the_structure_and_the_moved_tests_hold(root: Path) -> None:
    folder = f"snippets/{TO.replace('-', '_')}"
    code, output = run(root, ["-m", "scripts.validation.validate"])
    of_others = [line for line in output.splitlines() if not UNWRITTEN.search(line)]
    assert of_others == [], "the new answer is unwritten, and nothing else is wrong"
    code, output = run(root, [*PYTEST, folder])
    assert code == 0, output
    assert re.search(r"\d{2} passed", output)


def the_former_address_is_a_page_that_leads_to_the_new_one(root: Path) -> None:
    built = page(root, FROM)
    answer = next(a for a in load(root).answers.values() if a.source == f"{TO}.md")
    assert built.meta["refresh"] == f"0; url=../../{TO}/"
    assert built.canonical.endswith(f"/{TO}/")
    assert f"../../{TO}/" in built.links
    assert built.meta["og:title"] == answer.title
    html = (root / "site" / FROM / "index.html").read_text(encoding="utf-8")
    assert f'<script data-target="../../{TO}/">location.replace(' in html


def a_former_heading_is_an_id_of_its_page(root: Path) -> None:
    assert {FORMER, HEADING} <= page(root, "concurrency/await").ids


def a_retired_answer_says_what_is_read_instead(root: Path) -> None:
    answers = load(root).answers
    old, new = answers[OLD], answers[NEW]
    built = page(root, old.address)
    text = " ".join(built.text.split())
    assert f"is kept for the links to it. Read instead: {new.title}" in text
    assert text.index("Read instead") < text.index(old.meta.answer[:30].replace("`", ""))
    assert f"../{new.address.partition('/')[2]}" in built.links
    assert page(root, f"{OLD}").meta["refresh"].endswith(old.address)
    assert f"Retired: {old.title}" in " ".join(page(root, "concurrency").text.split())
    sitemap = (root / "site/sitemap.xml").read_text(encoding="utf-8")
    assert f"/{old.address}<" in sitemap


def the_search_finds_who_replaced_it_by_its_words(root: Path) -> None:
    old = load(root).answers[OLD]
    index = json.loads((root / "site" / INDEX).read_text(encoding="utf-8"))
    found = {answer["id"]: answer["asked"] for answer in index["answers"]}
    assert OLD not in found
    assert {old.title, *old.meta.asked_as} <= set(found[NEW])


CHECKS = (
    every_address_that_was_published_resolves,
    the_structure_and_the_moved_tests_hold,
    the_former_address_is_a_page_that_leads_to_the_new_one,
    a_former_heading_is_an_id_of_its_page,
    a_retired_answer_says_what_is_read_instead,
    the_search_finds_who_replaced_it_by_its_words,
)


@pytest.mark.site
def test_the_site_holds_after_a_move_a_retirement_a_new_answer_and_a_renamed_heading(
    root: Path, subtests: pytest.Subtests
) -> None:
    for check in CHECKS:  # one test, so that the site is built once
        with subtests.test(check.__name__.replace("_", " ")):
            check(root)
