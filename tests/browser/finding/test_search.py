"""The search, through its real box in a browser: what it finds, and for how much work, by keyboard, for all.

``search.tsv`` holds what people type, and the answer that has to come first (several where they are equally
right). A third of it is held out: the search is never tuned on that, so it says what strangers will meet.
"""

import gzip
import json
import math
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from scripts.catalogue.answers import AnswerPage, Catalogue
from scripts.project import ROOT
from scripts.publish.search_index import INDEX
from scripts.validation.proofs.search_phrases import Phrase, read_phrases, read_unanswered
from tests.browser.axe import faults, violations
from tests.browser.reading.test_pages import SCHEMES
from tests.conftest import WIDTHS, new_context

FIRST, FIRST_THREE = 0.90, 0.98  # share of the phrases whose answer comes so far up
DOUBTED, RECOGNISED = 0.03, 0.80  # at most, of what is answered; at least, of what is not
INDEX_BYTES = 2_000  # gzipped, for each answer: 120 kB for 60
SCRIPT_BYTES = 10_000  # gzipped, of all our scripts that a page loads before the search is opened
# Calls for each answer, when a key is pressed: they grow with the answers alone, on every machine.
MOST_MEDIAN, MOST_P95 = 1_800, 2_800
PARTS = 5  # files of the search, which are asked for at once

INPUT = ".search__input"
ANSWER = ".search__answer"
# Counts the look-ups in the engine's tables, the words that it compares with and the steps of comparing two.
COUNT = """() => {
  window.calls = 0
  for (const [type, name] of [[Map, "get"], [String, "startsWith"], [Array, "push"]]) {
    const { [name]: original } = type.prototype
    type.prototype[name] = function (...values) {
      window.calls++
      return original.apply(this, values)
    }
  }
}"""
# Puts each text into the box as a key does, and reads the answers at once: nothing may put them off.
TYPE_ALL = """texts => {
  const box = document.querySelector(".search__input")
  return texts.map(text => {
    window.calls = 0
    box.value = text
    box.dispatchEvent(new InputEvent("input", { bubbles: true }))
    const ids = [...document.querySelectorAll(".search__answer")].map(answer => Number(answer.dataset.id))
    const status = document.querySelector(".search__status").textContent
    const is_doubted = !ids.length || status.startsWith("Nothing here fits well")
    return { ids, calls: window.calls, is_doubted }
  })
}"""
# Opens the search by its key and types at once; returns when the first answer stands there.
OPEN_COLD = """async phrase => {
  const shown = selector => new Promise(done => {
    const look = () => document.querySelector(selector) ? done() : requestAnimationFrame(look)
    look()
  })
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true, cancelable: true }))
  await shown(".search[open] .search__input")
  const box = document.querySelector(".search__input")
  box.value = phrase
  box.dispatchEvent(new InputEvent("input", { bubbles: true }))
  await shown(".search__answer")
}"""
TRACEBACK = """Traceback (most recent call last):
  File "/app/.venv/lib/python3.12/site-packages/starlette/middleware/errors.py", line 164, in __call__
    await self.app(scope, receive, _send)
  File "/app/main.py", line 12, in add_timer
    app.add_middleware(TimerMiddleware)
RuntimeError: Cannot add middleware after an application has started"""


@dataclass(frozen=True)
class Found:
    """What the box showed for a text."""

    ids: list[int]
    """The answers, best first."""
    calls: int
    """How much work that was, for a text of ``SAMPLE``; else 0."""
    is_doubted: bool
    """Whether the box said that nothing fits well."""


PHRASES = read_phrases(ROOT)
SAMPLE = [phrase.text for phrase in PHRASES[::10]]
UNANSWERED = [row.text for row in read_unanswered(ROOT)]


def open_search(page: Page) -> None:
    """Open the search by its key and wait for the index."""
    page.locator(".search-open").wait_for()
    page.keyboard.press("/")
    page.locator(INPUT).fill("cors")
    page.locator(ANSWER).first.wait_for()


def asked(catalogue: Catalogue) -> Iterator[tuple[AnswerPage, str, int]]:
    """Yield each answer with its words as they are typed, and how far up it has to be for them."""
    for page in catalogue.answers.values():
        yield page, page.title.replace("`", ""), 1
        for wording in page.meta.asked_as:
            yield page, wording.replace("`", ""), 3


@pytest.fixture(scope="module")
def found(browser: Browser, served: str, catalogue: Catalogue) -> dict[str, Found]:
    """What the box of the home page shows for every phrase of the lists and all words of the answers."""
    own = [text for _, text, _ in asked(catalogue)]
    texts = [*(phrase.text for phrase in PHRASES), *UNANSWERED, *own]
    with new_context(browser, "desktop") as context:
        page = context.new_page()
        page.goto(served)
        open_search(page)
        shown = page.evaluate(TYPE_ALL, texts)
        page.evaluate(COUNT)  # which takes longer than what it counts: for some of the phrases
        shown += page.evaluate(TYPE_ALL, SAMPLE)
        texts += SAMPLE
        return dict(zip(texts, (Found(**one) for one in shown), strict=True))


def place(phrase: Phrase, found: Found) -> float:
    """Return the place of the right answer, from 1; infinity where it is not shown."""
    return next((n for n, number in enumerate(found.ids, 1) if number in phrase.ids), math.inf)


@pytest.mark.site
@pytest.mark.parametrize("held_out", [False, True], ids=["tuned", "held-out"])
def test_the_right_answer_comes_first(found: dict[str, Found], held_out: bool) -> None:
    places = {
        phrase: place(phrase, found[phrase.text])
        for phrase in PHRASES
        if phrase.held_out is held_out
    }
    first = sum(at == 1 for at in places.values()) / len(places)
    first_three = sum(at <= 3 for at in places.values()) / len(places)
    print(f"{len(places)} phrases: first {first:.1%}, among the first three {first_three:.1%}")
    if first < FIRST or first_three < FIRST_THREE:
        # Held-out phrases are not named: nobody shall be led to tune on them.
        misses = [
            f"  “{phrase.text}” wants {phrase.ids}, finds {found[phrase.text].ids[:3]}"
            for phrase, at in places.items()
            if at > 1 and not held_out
        ]
        summary = (
            f"The right answer is first for {first:.1%} ({FIRST:.0%} wanted), among the first three for "
            f"{first_three:.1%} ({FIRST_THREE:.0%} wanted). Name the subject in the answer's `asked_as`, or "
            f"teach data/synonyms.tsv the word."
        )
        pytest.fail("\n".join([summary, *misses]), pytrace=False)


@pytest.mark.site
def test_no_phrase_is_without_a_result(found: dict[str, Found]) -> None:
    empty = [phrase.text for phrase in PHRASES if not found[phrase.text].ids]
    if empty:
        pytest.fail(f"Nothing is found for {', '.join(empty)}.", pytrace=False)


@pytest.mark.site
def test_what_is_not_answered_is_said_and_what_is_answered_is_not_doubted(
    found: dict[str, Found],
) -> None:
    recognised = sum(found[text].is_doubted for text in UNANSWERED) / len(UNANSWERED)
    doubted = sum(found[phrase.text].is_doubted for phrase in PHRASES) / len(PHRASES)
    print(f"recognised {recognised:.1%}, doubted {doubted:.1%}")
    assert recognised >= RECOGNISED
    assert doubted <= DOUBTED


@pytest.mark.site
def test_a_key_asks_for_little_work(found: dict[str, Found], catalogue: Catalogue) -> None:
    calls = sorted(found[text].calls / len(catalogue.answers) for text in SAMPLE)
    median, p95 = statistics.median(calls), calls[int(0.95 * len(calls))]
    print(f"calls for each answer: median {median:.0f}, 95th percentile {p95:.0f}")
    assert 1 < median <= MOST_MEDIAN
    assert p95 <= MOST_P95


@pytest.mark.site
def test_each_answer_is_found_by_its_own_words(
    found: dict[str, Found], catalogue: Catalogue
) -> None:
    lines = [
        f"{page.file}: not among the first {most} results for “{text}”. Say in it what tells it from "
        + ", ".join(catalogue.answers[other].source for other in found[text].ids[:most])
        for page, text, most in asked(catalogue)
        if (page.meta.replaced_by or page.meta.id) not in found[text].ids[:most]
    ]
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)


def gzipped(path: Path) -> int:
    """Return the size of a file on the wire."""
    return len(gzip.compress(path.read_bytes(), compresslevel=6, mtime=0))


@pytest.mark.site
def test_the_index_is_small(site: Path, catalogue: Catalogue) -> None:
    size = gzipped(site / INDEX)
    print(f"index: {size} bytes for {len(catalogue.answers)} answers")
    assert size <= INDEX_BYTES * len(catalogue.answers)


@pytest.mark.site
def test_the_search_loads_when_it_is_first_wanted(browser: Browser, served: str) -> None:
    with new_context(browser, "phone") as context:
        page = context.new_page()
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(served + "middleware/cors/", wait_until="networkidle")
        page.locator(".search-open").wait_for()
        own = [url for url in requests if "/assets/" in url and "/javascripts/" not in url]
        scripts = [url for url in own if url.endswith(".js")]
        size = sum(len(gzip.compress(context.request.get(url).body())) for url in scripts)
        print(f"own scripts before the search is opened: {size} bytes, {', '.join(scripts)}")
        assert size <= SCRIPT_BYTES
        assert not [url for url in requests if "/search/" in url]
        waiting: list[Route] = []

        def hold(route: Route) -> None:
            waiting.append(route)
            if len(waiting) == PARTS:
                for one in waiting:
                    one.continue_()

        page.route("**/assets/search/*", hold)
        # It comes to an end only if no part is asked for after another has come.
        page.evaluate(OPEN_COLD, "depends")
        assert len(waiting) == PARTS, [route.request.url for route in waiting]


@pytest.fixture
def page(browser: Browser, served: str) -> Iterator[Page]:
    """The home page on a desktop with the search open."""
    with new_context(browser, "desktop") as context:
        page = context.new_page()
        page.goto(served)
        open_search(page)
        yield page


@pytest.mark.site
def test_enter_opens_the_first_answer(page: Page, served: str) -> None:
    page.locator(INPUT).fill("")
    page.keyboard.type("what is cors")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served}middleware/cors/**")


@pytest.mark.site
def test_arrows_choose_and_escape_closes(page: Page) -> None:
    box = page.locator(INPUT)
    answers = page.locator(ANSWER)
    expect(answers.nth(0)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(answers.nth(1)).to_have_attribute("aria-selected", "true")
    expect(answers.nth(0)).to_have_attribute("aria-selected", "false")
    expect(box).to_have_attribute("aria-activedescendant", "search-answer-1")
    expect(box).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(answers.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator(".search")).not_to_be_visible()


@pytest.mark.site
def test_a_result_shows_question_short_answer_and_place(page: Page, catalogue: Catalogue) -> None:
    page.locator(INPUT).fill("allow_origin_regex subdomain")
    first = page.locator(ANSWER).first
    answer = catalogue.answers[int(first.get_attribute("data-id") or 0)]
    expect(first.locator(".search__question")).to_have_text(answer.title)
    expect(first.locator(".search__short")).to_have_text(answer.meta.answer.replace("`", ""))
    expect(first.locator(".search__place")).not_to_be_empty()


@pytest.mark.site
def test_a_pasted_traceback_finds_its_error(page: Page) -> None:
    box = page.locator(INPUT)
    box.fill("")
    box.evaluate(
        """(box, text) => {
          const clipboardData = new DataTransfer()
          clipboardData.setData("text", text)
          box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true }))
        }""",
        TRACEBACK,
    )
    expect(page.locator(ANSWER).first).to_have_attribute(
        "href", re.compile("middleware/writing-middleware/")
    )


@pytest.mark.site
def test_a_link_opens_the_search(browser: Browser, served: str) -> None:
    with new_context(browser, "phone") as context:
        page = context.new_page()
        page.goto(f"{served}?q={quote('allow_credentials wildcard')}")
        expect(page.locator(ANSWER).first).to_have_attribute(
            "href", re.compile("middleware/cors-credentials/")
        )
        expect(page.locator(INPUT)).to_have_value("allow_credentials wildcard")


@pytest.mark.site
def test_a_doubt_shows_the_nearest_and_offers_the_question_form(page: Page) -> None:
    page.locator(INPUT).fill("pizza and mongodb recipe")
    expect(page.locator(".search__status")).to_have_text("Nothing here fits well. Nearest:")
    expect(page.locator(ANSWER).first).to_be_visible()
    expect(page.locator(".search__foot")).to_contain_text("No answer yet. Ask this question")


@pytest.mark.site
def test_a_line_keeps_its_blanks(page: Page) -> None:
    page.locator(INPUT).fill("find blocking calls debug mode call")
    short = page.locator(".search__short")
    expect(short.first).to_be_visible()
    assert short.evaluate_all(
        "all => all.every(line => line.children.length === 1 && line.innerText === line.textContent)"
    )


@pytest.mark.site
def test_a_key_copies_the_chosen_result_for_a_review(
    browser: Browser, served: str, catalogue: Catalogue
) -> None:
    with new_context(browser, "desktop") as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto(served)
        open_search(page)
        expect(page.locator(".search__foot")).to_contain_text("copies for review")
        for phrase, number, anchor in [
            ("what is cors", 25, ""),
            ("blocking call in async def", 7, "#blocking-call-in-async-def"),
        ]:
            page.locator(INPUT).fill(phrase)
            expect(page.locator(ANSWER).first).to_have_attribute("data-id", str(number))
            page.keyboard.press("Control+Enter")
            expect(page.locator(".search__status")).to_have_text("Copied for review, as Markdown")
            copied = page.evaluate("navigator.clipboard.readText()")
            assert f"]({served}{number}/{anchor})" in copied
            if not anchor:
                answer = catalogue.answers[number]
                assert copied == f"{answer.meta.answer} ([{answer.title}]({served}{number}/))"
        assert page.url == served


@pytest.mark.site
@pytest.mark.parametrize("repository", ["", "https://github.com/somebody/answers"])
def test_without_a_result_the_question_can_be_asked(
    browser: Browser, served: str, site: Path, repository: str
) -> None:
    content = json.loads((site / INDEX).read_text(encoding="utf-8")) | {"repository": repository}
    with new_context(browser, "desktop") as context:
        page = context.new_page()
        page.route(f"**/{INDEX}", lambda route: route.fulfill(json=content))
        page.goto(served)
        open_search(page)
        page.locator(INPUT).fill("qqqzzzxxx")
        expect(page.locator(ANSWER)).to_have_count(0)
        expect(page.locator(".search__status")).to_have_text("Nothing found for “qqqzzzxxx”.")
        link = page.locator(".search__foot a").first
        expect(link).to_have_attribute(
            "href",
            f"{repository}/issues/new?template=question.yml&title=qqqzzzxxx&question=qqqzzzxxx"
            if repository
            else f"{served}contributing/",
        )


@pytest.mark.site
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_no_violation_in_the_open_search(
    browser: Browser, served: str, width: str, scheme: str
) -> None:
    with new_context(browser, width) as context:
        page = context.new_page()
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.goto(served)
        open_search(page)
        for phrase in ("cors", "qqqzzzxxx", ""):
            page.locator(INPUT).fill(phrase)
            assert faults(violations(page)) == [], f"“{phrase}”"
