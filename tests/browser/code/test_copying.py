"""What the copy buttons put on the clipboard, on answers and on the reviewer's desk."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from scripts.catalogue.answers import AnswerPage, Catalogue
from scripts.catalogue.finding import SEVERITIES, Finding
from scripts.catalogue.findings import read_findings
from tests.browser.reading.test_pages import THEME_STARTED
from tests.conftest import WIDTHS, new_context, resize

pytestmark = pytest.mark.site

ANSWER = "concurrency/blocking-the-event-loop/"
LINKED = "models/openapi/"  # the first sentence of its findings has a link
DESK = "reviews/"
# As the theme's instant navigation does: the content of another page, and a new value of `document$`.
NAVIGATE = """async address => {
  history.pushState(null, "", address)
  const html = await (await fetch(address)).text()
  const next = new DOMParser().parseFromString(html, "text/html")
  document.querySelector("[data-md-component=container]")
    .replaceWith(next.querySelector("[data-md-component=container]"))
  window.document$.next(document)
}"""
SHIFTS = """() => new Promise(done => {
  const entries = []
  const note = list => entries.push(...list.getEntries())
  new PerformanceObserver(note).observe({ type: "layout-shift", buffered: true })
  setTimeout(() => done(entries.reduce((sum, entry) => sum + entry.value, 0)), 100)
})"""

# What was announced is kept, since it goes away by itself while a busy machine looks elsewhere.
ANNOUNCED = """(() => {
  window.announced = []
  const note = () => {
    for (const status of document.querySelectorAll("[role=status]"))
      if (status.textContent && status.checkVisibility()) window.announced.push(status.textContent)
  }
  new MutationObserver(note).observe(document, { subtree: true, childList: true, characterData: true })
})()"""

# As WebKit has it: what comes later than the click may not be copied.
WITHIN_THE_CLICK = """(() => {
  let isWithin = false
  addEventListener("click", () => {
    isWithin = true
    setTimeout(() => { isWithin = false })
  }, true)
  for (const name of ["write", "writeText"]) {
    const original = navigator.clipboard[name]
    navigator.clipboard[name] = function (data) {
      if (isWithin) return original.call(this, data)
      return Promise.reject(new DOMException("late", "NotAllowedError"))
    }
  }
})()"""


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """A window that may use the clipboard."""
    with new_context(browser, "desktop") as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.add_init_script(ANNOUNCED)
        yield context.new_page()


@pytest.fixture
def page(window: Page, served: str) -> Page:
    """The window, with the answer open and something else on the clipboard."""
    window.goto(served + ANSWER)
    window.evaluate("() => navigator.clipboard.writeText('before')")
    return window


def answer_at(catalogue: Catalogue, address: str) -> AnswerPage:
    """Return the answer with the given address."""
    return next(page for page in catalogue.answers.values() if page.address == address)


def clipboard(page: Page) -> str:
    """Return the text on the clipboard."""
    text: str = page.evaluate("() => navigator.clipboard.readText()")
    return text


def finding_of(page: Page, finding: Finding) -> Locator:
    """Return the quotation of a finding on its answer."""
    return page.locator(f"[id='{finding.anchor}'] + .review + blockquote")


def heard(page: Page, confirmation: str) -> None:
    """Wait until ``confirmation`` has been announced and seen since ``announced`` was emptied."""
    page.wait_for_function(
        "text => window.announced.some(told => told.includes(text))", arg=confirmation
    )


def press(place: Locator, label: str, confirmation: str) -> None:
    """Press the button whose name begins with ``label``, and wait for the announced confirmation."""
    place.page.evaluate("window.announced = []")
    place.get_by_role("button", name=label).click()
    heard(place.page, confirmation)


def test_an_answer_is_copied_as_link_as_markdown_and_with_its_right_code(
    page: Page, served: str, catalogue: Catalogue
) -> None:
    answer = answer_at(catalogue, ANSWER)
    head = page.locator(".short-answer")
    press(head, "Copy link", "Link copied")
    assert clipboard(page) == f"{served}7/"
    press(head, "Copy for review", "Copied for review, as Markdown")
    review = f"{answer.meta.answer} ([{answer.title}]({served}7/))"
    assert clipboard(page) == review
    press(head, "Copy with code", "Copied with the right code, as Markdown")
    right = read_findings(answer)[0].right
    assert clipboard(page) == f"{review}\n\n```python\n{right}\n```\n"


def test_a_finding_is_copied_with_its_own_link_and_code(
    page: Page, served: str, catalogue: Catalogue
) -> None:
    page.goto(served + LINKED)
    finding = read_findings(answer_at(catalogue, LINKED))[0]
    quotation = finding_of(page, finding)
    link = f"{served}61/#open-document"
    press(quotation, "Copy link", "Link copied")
    assert clipboard(page) == link
    press(quotation, "Copy for review", "Copied for review")
    review = clipboard(page)
    assert review.startswith("`/openapi.json` ")
    assert f" [protects nothing]({served}116/)" in review
    assert review.endswith(f". ([Docs hidden, document open]({link}))")
    press(quotation, "Copy with code", "Copied with the right code")
    assert clipboard(page) == f"{review}\n\n```python\n{finding.right}\n```\n"


def test_every_finding_of_an_answer_has_buttons_of_its_own(
    page: Page, served: str, catalogue: Catalogue
) -> None:
    for address in ("concurrency/def-in-the-thread-pool/", "deployment/docker/"):
        page.goto(served + address)
        findings = read_findings(answer_at(catalogue, address))
        assert len(findings) > 2
        for finding in findings:
            press(finding_of(page, finding), f"Copy with code: {finding.title}", "right code")
            number = finding.page.meta.id
            assert clipboard(page) == (
                f"{finding.sentence} ([{finding.title}]({served}{number}/#{finding.anchor}))\n\n"
                f"```{finding.language}\n{finding.right}\n```\n"
            )


def test_the_fence_is_longer_than_any_in_the_code(page: Page) -> None:
    page.evaluate(
        "(document.querySelector('.review .block--ask code') ??"
        " document.querySelector('[data-include] code')).textContent = 'a\\n````\\nb\\n'"
    )
    press(page.locator(".short-answer"), "Copy with code", "right code")
    assert clipboard(page).endswith("))\n\n`````python\na\n````\nb\n`````\n")


def test_the_desk_copies_link_and_sentence_of_a_finding(
    page: Page, served: str, catalogue: Catalogue
) -> None:
    page.goto(served + DESK)
    finding = read_findings(answer_at(catalogue, ANSWER))[0]
    entry = page.locator(".finding", has=page.locator(f"[href$='7/#{finding.anchor}']"))
    press(entry, "Copy link", "Link copied")
    assert clipboard(page) == f"{served}7/#{finding.anchor}"
    press(entry, "Copy for review", "Copied for review")
    expected = f"{finding.sentence} ([{finding.title}]({served}7/#{finding.anchor}))"
    assert clipboard(page) == expected
    expect(entry.get_by_role("button")).to_have_count(2)


def test_copying_works_after_instant_navigation(
    page: Page, served: str, catalogue: Catalogue
) -> None:
    page.evaluate(THEME_STARTED)
    page.evaluate(NAVIGATE, served + LINKED)
    head = page.locator(".short-answer")
    expect(head.get_by_role("button")).to_have_count(3)
    press(head, "Copy for review", "Copied for review")
    answer = answer_at(catalogue, LINKED)
    assert clipboard(page) == f"{answer.meta.answer} ([{answer.title}]({served}61/))"
    page.evaluate("window.document$.next(document)")
    expect(head.get_by_role("button")).to_have_count(3)
    finding = read_findings(answer)[1]
    press(finding_of(page, finding), "Copy link", "Link copied")
    assert clipboard(page) == f"{served}61/#{finding.anchor}"


def test_the_keyboard_alone_copies_a_finding(page: Page, served: str, catalogue: Catalogue) -> None:
    page.goto(served + DESK)
    listed = [f for page in catalogue.living.values() for f in read_findings(page)]
    finding = min(listed, key=lambda f: SEVERITIES.index(f.severity))  # the worst come first
    expected = f"{finding.sentence} ([{finding.title}]({served}{finding.address}))"
    page.keyboard.press("c")  # the focus is in no finding
    page.locator(".finding a").first.focus()
    page.keyboard.press("Control+c")
    assert clipboard(page) == "before"
    page.keyboard.press("c")
    heard(page, "Copied for review")
    assert clipboard(page) == expected
    page.evaluate("() => navigator.clipboard.writeText('before')")
    page.evaluate("window.announced = []")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Copy for review":
            break
    page.keyboard.press("Enter")
    heard(page, "Copied for review")
    page.wait_for_function("async () => await navigator.clipboard.readText() !== 'before'")
    assert clipboard(page) == expected


def test_a_program_is_copied_where_that_is_allowed_within_the_click_alone(
    window: Page, served: str
) -> None:
    page = window.context.new_page()
    page.add_init_script(WITHIN_THE_CLICK)
    page.goto(served + ANSWER)
    page.get_by_role("button", name="Copy program").first.click()
    heard(page, "Program copied")
    assert clipboard(page).startswith(("import", "from", '"""'))
    page.route("**/code/**", lambda route: route.abort())
    page.get_by_role("button", name="Copy program").first.click()
    heard(page, "The file could not be read: follow the link beside the button.")
    page.close()


@pytest.mark.parametrize("frame", [20, 5000])
def test_the_confirmation_goes_away(page: Page, served: str, frame: int) -> None:
    page.clock.install()
    page.goto(served + ANSWER)
    # A browser that is busy, or shows another page, draws when it can.
    page.evaluate(f"window.requestAnimationFrame = drawn => setTimeout(drawn, {frame})")
    page.locator(".short-answer").get_by_role("button", name="Copy link").click()
    page.wait_for_function("async () => await navigator.clipboard.readText() !== 'before'")
    page.clock.run_for(frame + 100)
    expect(page.locator(".copied")).to_have_text("Link copied")
    page.clock.run_for(5000)
    expect(page.locator(".copied")).to_be_empty()


@pytest.mark.parametrize(
    "refusal",
    [
        "Object.defineProperty(navigator, 'clipboard', { value: undefined })",
        "navigator.clipboard.writeText = () => Promise.reject(new DOMException('refused'))",
    ],
    ids=["missing", "rejecting"],
)
def test_a_refused_clipboard_shows_the_text_selected(
    browser: Browser, served: str, catalogue: Catalogue, refusal: str
) -> None:
    answer = answer_at(catalogue, ANSWER)
    with new_context(browser, "phone") as context:
        page = context.new_page()
        page.add_init_script(refusal)
        page.goto(served + ANSWER)
        button = page.locator(".short-answer").get_by_role("button", name="Copy for review")
        button.click()
        area = page.get_by_role("dialog").get_by_role("textbox")
        expected = f"{answer.meta.answer} ([{answer.title}]({served}7/))"
        expect(area).to_have_value(expected)
        expect(area).to_be_focused()
        selected = area.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)")
        assert selected == expected
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(button).to_be_focused()


@pytest.mark.parametrize(
    ("address", "width"),
    [("", "phone"), ("", "desktop"), (ANSWER, "phone"), (DESK, "phone"), (DESK, "desktop")],
)
def test_the_buttons_do_not_move_the_page(
    window: Page, served: str, address: str, width: str
) -> None:
    resize(window, width)
    window.goto(served + address)
    window.locator(".copying").first.wait_for()
    moved = window.evaluate(SHIFTS)
    assert moved <= 0.01, f"{address} at {width}: the layout shifts by {moved:.4f}"


# How wide the first of each row of columns is while all of the row is there, and while it came alone.
FIRST_OF_ROW = """() => [...document.querySelectorAll(".columns, .uses")].map(row => {
  const [first, ...others] = row.children
  const whole = first.getBoundingClientRect().width
  for (const other of others) other.remove()
  return [whole, first.getBoundingClientRect().width]
})"""


@pytest.mark.parametrize("width", WIDTHS)
def test_a_column_stays_as_wide_when_the_next_arrives(
    window: Page, served: str, width: str
) -> None:
    resize(window, width)
    window.goto(served)
    widths = window.evaluate(FIRST_OF_ROW)
    assert len(widths) == 2
    for whole, alone in widths:
        assert whole == alone


# Where the second block of the example begins while all of its code is there, and while a part had come.
SECOND_BLOCK = """() => {
  const second = document.querySelector(".example .block--ask")
  const left = () => second.getBoundingClientRect().left
  const whole = left()
  second.querySelector("code").textContent = "x"
  return [whole, left()]
}"""


@pytest.mark.parametrize("width", WIDTHS)
def test_the_code_to_ask_for_stays_in_its_place_when_more_of_it_arrives(
    window: Page, served: str, width: str
) -> None:
    resize(window, width)
    window.goto(served)
    whole, begun = window.evaluate(SECOND_BLOCK)
    assert whole == begun
