"""Browsing in a real browser: home page, filter, instant navigation, print, addresses that do not exist."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from scripts.catalogue.answers import Catalogue
from scripts.pages.counts import counts
from scripts.project import site_url
from scripts.rules.read_rules import finders
from tests.browser.code.test_copying import ANNOUNCED, heard
from tests.browser.reading.test_pages import THEME_STARTED, TWO_FRAMES
from tests.conftest import WIDTHS, new_context, resize

pytestmark = pytest.mark.site

MOST_LAID_OUT = 30  # findings of 400: those in sight and near
MOST_ELEMENTS = 20  # of a finding, its buttons included
# Repeats the findings of the desk until it has 400; returns how long it takes to lay them out, at best.
LAY_OUT_400 = """async () => {
  const article = document.querySelector("article")
  const findings = [...document.querySelectorAll(".finding")]
  for (let at = findings.length; at < 400; at++) {
    const finding = findings[at % findings.length]
    finding.after(finding.cloneNode(true))
  }
  const times = Array.from({ length: 5 }, () => {
    article.hidden = true
    article.offsetHeight
    article.hidden = false
    const start = performance.now()
    article.offsetHeight
    return performance.now() - start
  })
  const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
  await frame()
  const all = [...document.querySelectorAll(".finding")]
  const laidOut = all.filter(one => one.firstElementChild.checkVisibility({ contentVisibilityAuto: true }))
  const sizes = findings.map(finding => finding.querySelectorAll("*").length)
  return { time: Math.min(...times), all: all.length, laidOut: laidOut.length, most: Math.max(...sizes) }
}"""
NOT_LAID_OUT = """() => [...document.querySelectorAll("article :is(.block, .review) > :first-child")]
  .filter(part => !part.checkVisibility({ contentVisibilityAuto: true })).length"""
TOP_OF_SOURCES = "document.getElementById('sources').getBoundingClientRect().top"
# Lost when the browser loads a page instead of the theme's navigation.
STAYS = "window.stays = true"


@pytest.fixture(scope="module")
def desktop(browser: Browser) -> Iterator[Page]:
    """A desktop window."""
    with new_context(browser, "desktop") as context:
        yield context.new_page()


@pytest.fixture(scope="module")
def bare(browser: Browser) -> Iterator[Page]:
    """A phone's window without JavaScript."""
    with new_context(browser, "phone", scripts=False) as context:
        yield context.new_page()


@pytest.fixture
def walker(browser: Browser, site: Path, served: str) -> Iterator[Page]:
    """A window in which the theme navigates, and which fails the test for an error on its console.

    The theme follows links that the sitemap lists. The test server's port is another than that of the
    sitemap, so that is answered as a site that was built for this server would.
    """
    sitemap = (site / "sitemap.xml").read_text(encoding="utf-8").replace(site_url(), served)

    def send_sitemap(route: Route) -> None:
        route.fulfill(body=sitemap, content_type="application/xml")

    errors: list[str] = []
    with new_context(browser, "desktop") as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.add_init_script(ANNOUNCED)
        page = context.new_page()
        page.route("**/sitemap.xml", send_sitemap)
        page.on("pageerror", lambda error: errors.append(error.message))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        yield page
    if errors:
        fail(f"errors in the browser while navigating: {' / '.join(errors)}. Repair docs/assets.")


def fail(fault: str) -> NoReturn:
    """Fail with one line."""
    pytest.fail(fault, pytrace=False)


def shown(page: Page) -> list[str]:
    """Return the short links of the answers that the filtered list shows, in their order."""
    return page.locator(".filter-item:visible .short-link").all_inner_texts()


@pytest.mark.parametrize("width", WIDTHS)
def test_first_screen_of_the_home_page_shows_one_answer_at_work(
    desktop: Page, served: str, width: str
) -> None:
    resize(desktop, width)
    desktop.goto(served)
    expect(desktop.locator(".example .copying button").first).to_be_visible()
    for selector in (".find__field", ".example"):
        box = desktop.locator(selector).bounding_box()
        if not box or box["y"] + box["height"] > WIDTHS[width][1]:
            fail(f"docs/index.md: {selector} ends below the first screen of a {width}. Shorten it.")
    resize(desktop, "desktop")


def test_wide_home_page_shows_wrong_code_beside_the_right_code(desktop: Page, served: str) -> None:
    desktop.set_viewport_size({"width": 1440, "height": 900})
    desktop.goto(served)
    wrong, right = (block.bounding_box() for block in desktop.locator(".example .block").all())
    assert wrong
    assert right
    assert wrong["y"] == right["y"]
    resize(desktop, "desktop")


def test_the_columns_of_a_wide_home_page_fill_its_width(desktop: Page, served: str) -> None:
    desktop.set_viewport_size({"width": 1440, "height": 900})
    desktop.goto(served)
    row, last = (
        desktop.locator(selector).bounding_box()
        for selector in (".columns", ".columns > :last-child")
    )
    assert row
    assert last
    assert row["x"] + row["width"] == last["x"] + last["width"]
    resize(desktop, "desktop")


def test_name_of_the_site_is_whole_on_a_phone(bare: Page, served: str) -> None:
    bare.goto(served)
    name = bare.locator(".md-header__topic .md-ellipsis").first
    assert name.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_numbers_of_the_home_page_are_counted(
    desktop: Page, served: str, catalogue: Catalogue
) -> None:
    desktop.goto(served)
    numbers = counts(catalogue)
    for what in ("answers", "tests", "corrections"):
        expect(desktop.locator(".numbers")).to_contain_text(f"{numbers[what]:,}")
    expect(desktop.locator(".columns__column").first.locator("li")).to_have_count(numbers["topics"])


def test_search_field_and_examples_open_the_search(desktop: Page, served: str) -> None:
    desktop.goto(served)
    expect(desktop.locator(".search-open")).to_be_attached()  # the scripts have run
    desktop.locator(".find__field").click()
    expect(desktop.locator("dialog.search input")).to_be_focused()
    desktop.keyboard.press("Escape")
    desktop.get_by_role("link", name="run_in_threadpool").click()
    expect(desktop.locator("dialog.search input")).to_have_value("run_in_threadpool")
    expect(desktop.locator(".search__answer").first).to_be_visible()


def test_filter_by_words_level_topic_and_version(
    desktop: Page, served: str, catalogue: Catalogue
) -> None:
    desktop.goto(f"{served}all/")
    status = desktop.locator(".filter [role=status]")
    total = len(catalogue.living)
    expect(status).to_have_text(f"{total} of {total} shown")

    desktop.get_by_label("Words").fill("YIELD session")
    expect(desktop.locator(".filter-item", has_text="#121")).to_be_visible()
    expect(desktop.locator(".filter-item", has_text="#40")).to_be_hidden()
    expect(desktop.get_by_role("heading", name="What FastAPI is")).to_be_hidden()
    desktop.get_by_label("Words").fill("object dict can't be used in 'await' expression")
    assert shown(desktop) == ["#2"]  # by its other wordings, which the page does not show

    desktop.get_by_role("button", name="Clear").click()
    expect(status).to_have_text(f"{total} of {total} shown")
    desktop.get_by_label("Topic").select_option("Testing")
    desktop.get_by_label("Level").select_option("working")
    working = [
        f"#{n}"
        for n, a in catalogue.living.items()
        if a.file.startswith("docs/testing/") and a.meta.level == "working"
    ]
    assert shown(desktop) == sorted(working)
    expect(status).to_have_text(f"{len(working)} of {total} shown")

    desktop.get_by_label("Words").press("Escape")
    expect(status).to_have_text(f"{total} of {total} shown")
    options = desktop.get_by_label("Needs").locator("option").all_inner_texts()
    assert options[:3] == ["all", "any version", "FastAPI 0.95.0 or newer"]
    assert options.index("FastAPI 0.95.0 or newer") < options.index("FastAPI 0.121.0 or newer")
    desktop.get_by_label("Needs").select_option("FastAPI 0.144.0 or newer")
    needed = {
        f"#{n}" for n, a in catalogue.living.items() if a.meta.since.get("fastapi", "") > "0.14"
    }
    assert "#114" in needed
    assert needed - {"#81"} == set(shown(desktop))  # 0.95 is older, as numbers go


def test_filtered_list_can_be_linked(desktop: Page, served: str) -> None:
    desktop.goto(f"{served}all/?level=deep&topic=Security&text=token")
    expect(desktop.get_by_label("Level")).to_have_value("deep")
    assert shown(desktop) == ["#115"]
    desktop.get_by_label("Words").fill("nothing has this")
    expect(desktop.locator(".filter [role=status]")).to_contain_text("None of")
    assert desktop.url == f"{served}all/?level=deep&topic=Security&text=nothing+has+this"
    desktop.get_by_label("Words").press("Escape")
    assert desktop.url == f"{served}all/"


def test_enter_leads_from_the_filter_to_what_it_found(desktop: Page, served: str) -> None:
    desktop.goto(f"{served}reviews/")
    words = desktop.get_by_label("Words")
    words.fill("str(exc)")
    words.press("Enter")
    first = desktop.locator(".finding:visible").first
    expect(first.get_by_role("link").first).to_be_focused()
    words.fill("qqqzzzxxx")
    words.press("Enter")
    expect(desktop.locator("dialog.search input")).to_have_value("qqqzzzxxx")


def test_the_desk_filters_by_the_program_that_finds_a_finding(desktop: Page, served: str) -> None:
    desktop.goto(f"{served}reviews/")
    desktop.locator(".filter").get_by_label("Found").select_option("by Ruff")
    found = [name for name in finders().values() if name.startswith("ruff:")]
    expect(desktop.locator(".finding:visible")).to_have_count(len(found))
    assert desktop.url == f"{served}reviews/?found=by+Ruff"


def test_a_phone_lays_out_a_desk_of_400_findings(browser: Browser, served: str) -> None:
    with new_context(browser, "phone") as context:
        page = context.new_page()
        page.goto(f"{served}reviews/")
        expect(page.locator(".finding .copying").last).to_be_attached()
        session = context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        found = page.evaluate(LAY_OUT_400)
    # The time is the machine's; what it comes from is not.
    print(f"400 findings: {found['time']:.0f} ms, at most {found['most']} elements each")
    assert found["all"] == 400
    assert 0 < found["laidOut"] <= MOST_LAID_OUT
    assert found["most"] <= MOST_ELEMENTS


def test_link_to_a_level_that_does_not_exist_shows_all(
    desktop: Page, served: str, catalogue: Catalogue
) -> None:
    desktop.goto(f"{served}all/?level=guru")
    assert desktop.get_by_label("Level").evaluate("select => select.selectedIndex") == 0
    assert len(shown(desktop)) == len(catalogue.living)


def test_lists_are_complete_without_javascript(
    bare: Page, served: str, catalogue: Catalogue
) -> None:
    bare.goto(f"{served}all/")
    assert shown(bare) == [f"#{number}" for number in catalogue.living]
    expect(bare.locator("article form")).to_have_count(0)
    bare.goto(served)
    expect(bare.locator(".find__field")).to_be_hidden()
    bare.locator(".numbers").get_by_role("link", name="answers").click()
    assert bare.url == f"{served}all/"


def test_previous_and_next_stay_within_the_topic(site: Path, catalogue: Catalogue) -> None:
    for topic in catalogue.topics:
        addresses = [answer.address.split("/")[1] for answer in topic.answers]
        for place, answer in enumerate(topic.answers):
            html = (site / answer.address / "index.html").read_text(encoding="utf-8")
            nav = html[html.index('class="neighbours"') :].split("</nav>")[0]
            wanted = [f"../{other}/" for other in addresses[max(place - 1, 0) : place]]
            wanted += ["../", *(f"../{other}/" for other in addresses[place + 1 : place + 2])]
            if (found := re.findall(r'href="([^"]+)"', nav)) != wanted:
                fail(f"{answer.file}: leads to {found} at its foot, not to {wanted}.")


def test_instant_navigation_keeps_every_part_working(
    walker: Page, served: str, catalogue: Catalogue
) -> None:
    topic = catalogue.topics[0]
    first, second = topic.answers[:2]
    heading = walker.locator("h1")
    with walker.expect_response("**/sitemap.xml"):
        walker.goto(served)
    walker.evaluate(STAYS)
    expect(walker.locator(".search-open")).to_be_attached()

    walker.locator(".columns").get_by_role("link", name=topic.title).click()
    expect(heading).to_contain_text(topic.title)
    walker.locator(".listed").get_by_role("link", name=first.title).click()
    expect(heading).to_contain_text(first.title)
    expect(walker).to_have_title(re.compile(re.escape(first.title)))
    expect(heading).to_be_focused()
    walker.get_by_role("button", name="Copy link", exact=True).click()
    heard(walker, "Link copied")

    walker.locator(".neighbours__next").click()
    expect(heading).to_contain_text(second.title)
    assert walker.url == served + second.address
    expect(walker.get_by_role("button", name="Copy link", exact=True)).to_have_count(1)
    walker.go_back()
    expect(heading).to_contain_text(first.title)
    expect(walker.get_by_role("button", name="Copy link", exact=True)).to_have_count(1)
    walker.go_forward()
    expect(heading).to_contain_text(second.title)

    walker.keyboard.press("/")
    expect(walker.locator("dialog.search input")).to_be_focused()
    walker.keyboard.type("event loop blocked")
    expect(walker.locator(".search__answer").first).to_be_visible()
    number = walker.locator(".search__answer").first.get_attribute("data-id")
    walker.keyboard.press("Enter")
    found = catalogue.answers[int(number or 0)]
    expect(heading).to_contain_text(found.title)
    expect(walker.locator("dialog.search")).to_be_hidden()
    # The panel keeps its style, and leaving a page closes it.
    walker.keyboard.press("/")
    expect(walker.locator("dialog.search")).to_be_visible()
    assert walker.locator(".search__top").evaluate("e => getComputedStyle(e).display") == "flex"
    walker.go_back()
    expect(heading).to_contain_text(second.title)
    expect(walker.locator("dialog.search")).to_be_hidden()

    walker.locator(".md-nav--primary").get_by_role("link", name="All answers").click()
    expect(heading).to_contain_text("All answers")
    walker.get_by_label("Level").select_option("deep")
    assert walker.url == f"{served}all/?level=deep"
    walker.locator(".filter-item:visible .listed__question a").first.click()
    expect(walker.locator(".short-answer")).to_be_visible()
    walker.go_back()
    expect(walker.get_by_label("Level")).to_have_value("deep")
    expect(walker.locator(".filter")).to_have_count(1)
    assert walker.evaluate("window.stays"), "the browser loaded a page anew"


def test_fragment_links_work_after_instant_navigation(
    walker: Page, served: str, catalogue: Catalogue
) -> None:
    answer = catalogue.answers[7]
    with walker.expect_response("**/sitemap.xml"):
        walker.goto(f"{served}corrections/")
    walker.evaluate(STAYS)
    walker.locator("article").get_by_role("link", name=answer.title).first.click()
    expect(walker.locator("h1")).to_contain_text(answer.title)
    walker.locator(".md-sidebar--secondary").get_by_role("link", name="Sources").click()
    assert walker.url == f"{served}{answer.address}#sources"
    expect(walker.get_by_role("heading", name="Sources")).to_be_in_viewport()
    assert walker.evaluate("window.stays"), "the browser loaded a page anew"


def test_a_link_within_a_long_answer_leads_to_its_place(
    browser: Browser, served: str, catalogue: Catalogue
) -> None:
    """Blocks on the way are not laid out, and the theme puts the page anew, later than the jump."""
    answer = next(a for a in catalogue.answers.values() if a.address == "foundations/asgi/")

    def late(route: Route) -> None:
        time.sleep(0.4)
        route.continue_()

    with new_context(browser, "phone") as context:
        page = context.new_page()
        page.goto(served + answer.address)
        page.evaluate(THEME_STARTED)
        page.route(f"**/{answer.address}", late)
        page.evaluate(
            "() => { window.again = new Promise(done => document.addEventListener('page', done)) }"
        )
        page.evaluate("location.hash = 'sources'")
        page.evaluate("() => window.again.then(() => {})")
        page.evaluate(TWO_FRAMES)
        assert 60 < page.evaluate(TOP_OF_SOURCES) < 200
        page.goto("about:blank")
        page.goto(f"{served}{answer.address}#sources")
        page.evaluate(THEME_STARTED)
        page.evaluate(TWO_FRAMES)
        assert 60 < page.evaluate(TOP_OF_SOURCES) < 200


def test_a_long_answer_lays_out_what_is_in_sight_and_the_rest_when_idle(
    browser: Browser, served: str
) -> None:
    with new_context(browser, "desktop") as context:
        page = context.new_page()
        page.add_init_script("window.requestIdleCallback = next => { window.next = next }")
        page.goto(f"{served}middleware/writing-middleware/")
        page.evaluate(THEME_STARTED)
        hidden = page.evaluate(NOT_LAID_OUT)
        assert hidden > 2
        page.emulate_media(media="print")
        assert page.evaluate(NOT_LAID_OUT) == 0
        page.emulate_media(media="null")
        page.wait_for_function("() => window.next")
        page.evaluate(
            "() => { while (window.next) { const { next } = window; window.next = null; next() } }"
        )
        page.evaluate(TWO_FRAMES)
        assert page.evaluate(NOT_LAID_OUT) == 0


def test_a_reader_chooses_the_colour_scheme_and_it_stays(browser: Browser, served: str) -> None:
    with new_context(browser, "desktop") as context:
        page = context.new_page()
        page.emulate_media(color_scheme="dark")
        page.goto(served)
        body = page.locator("body")
        toggle = page.locator(".md-header__option label:visible")
        expect(body).to_have_attribute("data-md-color-scheme", "slate")
        page.emulate_media(color_scheme="light")
        expect(body).to_have_attribute("data-md-color-scheme", "default")
        for scheme in ("default", "slate"):  # light, then dark, whatever the system says
            toggle.click()
            expect(body).to_have_attribute("data-md-color-scheme", scheme)
        page.reload()
        expect(body).to_have_attribute("data-md-color-scheme", "slate")
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
        expect(page.locator("meta[name=theme-color]")).to_have_attribute(
            "content", re.compile(r"\d")
        )
        page.locator("#__palette_2").focus()
        page.keyboard.press("Enter")
        expect(body).to_have_attribute("data-md-color-scheme", "default")
        expect(toggle).to_have_count(1)


def test_on_another_host_links_load_their_page(
    desktop: Page, served: str, catalogue: Catalogue
) -> None:
    """The sitemap lists addresses of another port: the theme leaves these links to the browser."""
    topic = catalogue.topics[0]
    desktop.goto(served)
    desktop.evaluate(STAYS)
    desktop.locator(".columns").get_by_role("link", name=topic.title).click()
    expect(desktop.locator("h1")).to_contain_text(topic.title)
    assert not desktop.evaluate("window.stays")


def test_print_leaves_out_the_controls_and_spells_out_addresses(
    desktop: Page, served: str, catalogue: Catalogue
) -> None:
    answer = catalogue.answers[7]
    desktop.goto(served + answer.address)
    expect(desktop.get_by_role("button", name="Copy link", exact=True)).to_be_visible()
    desktop.emulate_media(media="print")
    try:
        for chrome in (
            ".md-header",
            ".md-footer",
            ".md-sidebar",
            ".md-path",
            "button",
            ".neighbours",
        ):
            for element in desktop.locator(chrome).all():
                expect(element).to_be_hidden()
        after = "e => getComputedStyle(e, '::after').content"
        link = desktop.locator(".short-link").first
        assert link.evaluate(after).strip('"') == f" {link.get_attribute('data-address')}"
        assert link.get_attribute("data-address") == f"{site_url()}7/"
        source = desktop.locator("#sources ~ ul a").first
        assert answer.meta.sources[0].url in source.evaluate(after)
    finally:
        desktop.emulate_media(media="null")


def test_missing_address_offers_what_it_names(desktop: Page, served: str) -> None:
    refused: list[str] = []
    desktop.on("response", lambda r: refused.append(r.url) if not r.ok else None)
    address = f"{served}some/where/7/depends-yield.html"
    desktop.goto(address)
    suggested = desktop.locator(".not-found a")
    expect(suggested.first).to_have_attribute("href", re.compile(r"/concurrency/[\w-]+/$"))
    expect(desktop.locator(".not-found")).to_contain_text("yield")
    desktop.locator(".find__field").click()
    expect(desktop.locator("dialog.search input")).to_have_value("some where depends yield")
    assert refused == [address]  # all that the page loads is found from any depth


def test_missing_address_without_javascript_lists_the_topics(
    bare: Page, served: str, catalogue: Catalogue
) -> None:
    topic = catalogue.topics[-1]
    bare.goto(f"{served}some/where/else")
    bare.locator("article").get_by_role("link", name=topic.title).click()
    assert bare.url == served + topic.address
