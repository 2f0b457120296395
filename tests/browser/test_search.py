"""The search, through its real box in a browser: what it finds, how soon, by keyboard, and for everybody.

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
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from scripts.catalogue.answers import Catalogue
from scripts.project import ROOT
from scripts.publish.search_index import INDEX
from scripts.validation.files.search_phrases import Phrase, read_phrases, read_unanswered
from tests.browser.test_pages import AXE, AXE_OPTIONS, SCHEMES
from tests.conftest import WIDTHS, new_context

FIRST, FIRST_THREE = 0.90, 0.98  # share of the phrases whose answer comes so far up
DOUBTED, RECOGNISED = 0.03, 0.80  # at most, of what is answered; at least, of what is not
INDEX_BYTES = 2_000  # gzipped, for each answer: 120 kB for 60
SCRIPT_BYTES = 10_000  # gzipped, of all our scripts that a page loads before the search is opened
# Milliseconds. On an idle machine it takes a fifth of this; shared ones of CI are slow and uneven.
MOST_MEDIAN, MOST_P95, MOST_COLD = 150, 400, 1500

INPUT = ".search__input"
ANSWER = ".search__answer"
# Puts each phrase into the box as a key does, and waits until the frame that shows the answers is drawn.
TYPE_ALL = """async phrases => {
  const box = document.querySelector(".search__input")
  const drawn = () => new Promise(done => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = done
    port2.postMessage(null)
  }))
  const all = []
  await drawn()
  for (const phrase of phrases) {
    const start = performance.now()
    box.value = phrase
    box.dispatchEvent(new InputEvent("input", { bubbles: true }))
    await drawn()
    const time = performance.now() - start
    const ids = [...document.querySelectorAll(".search__answer")].map(answer => Number(answer.dataset.id))
    const status = document.querySelector(".search__status").textContent
    all.push({ ids, time, is_doubted: !ids.length || status.startsWith("Nothing here fits well") })
  }
  return all
}"""
# Opens the search by its key and types at once; returns the milliseconds until the first answer stands there.
OPEN_COLD = """async phrase => {
  const shown = selector => new Promise(done => {
    const look = () => document.querySelector(selector) ? done() : requestAnimationFrame(look)
    look()
  })
  const start = performance.now()
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true, cancelable: true }))
  await shown(".search[open] .search__input")
  const box = document.querySelector(".search__input")
  box.value = phrase
  box.dispatchEvent(new InputEvent("input", { bubbles: true }))
  await shown(".search__answer")
  return performance.now() - start
}"""
TRACEBACK = """Traceback (most recent call last):
  File "/app/.venv/lib/python3.12/site-packages/starlette/middleware/errors.py", line 164, in __call__
    await self.app(scope, receive, _send)
  File "/app/main.py", line 12, in add_timer
    app.add_middleware(TimerMiddleware)
RuntimeError: Cannot add middleware after an application has started"""


@dataclass(frozen=True)
class Found:
    """What the box showed for a phrase."""

    ids: list[int]
    """The answers, best first."""
    time: float
    """Milliseconds from the key to the frame."""
    is_doubted: bool
    """Whether the box said that nothing fits well."""


PHRASES = read_phrases(ROOT)


def open_search(page: Page) -> None:
    """Open the search by its key and wait for the index."""
    page.locator(".search-open").wait_for()
    page.keyboard.press("/")
    page.locator(INPUT).fill("cors")
    page.locator(ANSWER).first.wait_for()


def find(browser: Browser, served: str, texts: list[str]) -> list[Found]:
    """Return what the box of the home page shows for each of ``texts``."""
    with new_context(browser, "desktop") as context:
        page = context.new_page()
        page.goto(served)
        open_search(page)
        page.evaluate(TYPE_ALL, texts[:20])  # the first ones also compile the code
        return [Found(**found) for found in page.evaluate(TYPE_ALL, texts)]


@pytest.fixture(scope="module")
def found(browser: Browser, served: str) -> dict[Phrase, Found]:
    """What the box shows for every phrase of the list."""
    return dict(
        zip(PHRASES, find(browser, served, [phrase.text for phrase in PHRASES]), strict=True)
    )


def place(phrase: Phrase, found: Found) -> float:
    """Return the place of the right answer, from 1; infinity where it is not shown."""
    return next((n for n, number in enumerate(found.ids, 1) if number in phrase.ids), math.inf)


@pytest.mark.site
@pytest.mark.parametrize("held_out", [False, True], ids=["tuned", "held-out"])
def test_the_right_answer_comes_first(found: dict[Phrase, Found], held_out: bool) -> None:
    places = {
        phrase: place(phrase, shown)
        for phrase, shown in found.items()
        if phrase.held_out is held_out
    }
    first = sum(at == 1 for at in places.values()) / len(places)
    first_three = sum(at <= 3 for at in places.values()) / len(places)
    print(f"{len(places)} phrases: first {first:.1%}, among the first three {first_three:.1%}")
    if first < FIRST or first_three < FIRST_THREE:
        # Held-out phrases are not named: nobody shall be led to tune on them.
        misses = [
            f"  “{phrase.text}” wants {phrase.ids}, finds {found[phrase].ids[:3]}"
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
def test_no_phrase_is_without_a_result(found: dict[Phrase, Found]) -> None:
    empty = [phrase.text for phrase, shown in found.items() if not shown.ids]
    if empty:
        pytest.fail(f"Nothing is found for {', '.join(empty)}.", pytrace=False)


@pytest.mark.site
def test_what_is_not_answered_is_said_and_what_is_answered_is_not_doubted(
    browser: Browser, served: str, found: dict[Phrase, Found]
) -> None:
    texts = [row.text for row in read_unanswered(ROOT)]
    unanswered = dict(zip(texts, find(browser, served, texts), strict=True))
    recognised = sum(shown.is_doubted for shown in unanswered.values()) / len(unanswered)
    doubted = sum(shown.is_doubted for shown in found.values()) / len(found)
    print(
        f"recognised {recognised:.1%} of {len(unanswered)}, doubted {doubted:.1%} of {len(found)}"
    )
    assert recognised >= RECOGNISED
    assert doubted <= DOUBTED


@pytest.mark.site
def test_answers_come_soon_after_the_key(found: dict[Phrase, Found]) -> None:
    times = sorted(shown.time for shown in found.values())
    median, p95 = statistics.median(times), times[int(0.95 * len(times))]
    print(f"from the key to the frame: median {median:.1f} ms, 95th percentile {p95:.1f} ms")
    assert median <= MOST_MEDIAN
    assert p95 <= MOST_P95


@pytest.mark.site
def test_each_answer_is_found_by_its_own_words(
    browser: Browser, served: str, catalogue: Catalogue
) -> None:
    wanted = [
        (page.meta.replaced_by or page.meta.id, page, text.replace("`", ""), most)
        for page in catalogue.answers.values()
        for text, most in [(page.title, 1), *((wording, 3) for wording in page.meta.asked_as)]
    ]
    shown = find(browser, served, [text for _, _, text, _ in wanted])
    lines = [
        f"{page.file}: not among the first {most} results for “{text}”. Say in it what tells it from "
        + ", ".join(catalogue.answers[other].source for other in result.ids[:most])
        for (number, page, text, most), result in zip(wanted, shown, strict=True)
        if number not in result.ids[:most]
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
        time = page.evaluate(OPEN_COLD, "depends")
        print(f"from the key to the first answer, cold: {time:.0f} ms")
        assert time <= MOST_COLD


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
        page.evaluate(AXE)
        for phrase in ("cors", "qqqzzzxxx", ""):
            page.locator(INPUT).fill(phrase)
            result: dict[str, Any] = page.evaluate("options => axe.run(options)", AXE_OPTIONS)
            faults = [
                f"{violation['id']} on {violation['nodes'][0]['target'][0]}: {violation['help']}"
                for violation in result["violations"]
            ]
            assert faults == [], f"“{phrase}”"
