"""What readers meet in a browser: on a phone and a desktop, light and dark, with and without JavaScript."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request

from scripts.catalogue.answers import Catalogue
from tests.browser.axe import COLOUR_RULES, faults, violations
from tests.conftest import WIDTHS, new_context, resize
from tests.site_pages import ALL_PAGES, ANSWERS, SitePage, file_of, sent

pytestmark = pytest.mark.site

SCHEMES = {"light": "default", "dark": "slate"}  # as the theme calls them
# One change from each to the next: a page is laid out anew for each width.
VIEWS = [("light", "desktop"), ("dark", "desktop"), ("dark", "phone"), ("light", "phone")]
MOST_BYTES = 105_000
MOST_REQUESTS = 9
MOST_SHEETS = 3

OPEN_ALL = "() => document.querySelectorAll('details').forEach(element => { element.open = true })"
# The theme's script has been loaded and has gone over the page.
THEME_STARTED = """() => new Promise(done => {
  const look = () => window.document$ ? window.document$.subscribe(() => done()) : setTimeout(look, 10)
  look()
})"""
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Names the widest element, where one makes the page wider than the window.
WIDEST = """() => {
  const right = element => element.getBoundingClientRect().right
  const spills = element => {
    if (right(element) <= innerWidth) return false
    for (let e = element.parentElement; e !== document.body; e = e.parentElement)
      if (getComputedStyle(e).overflowX !== "visible") return false
    return true
  }
  if (document.scrollingElement.scrollWidth <= innerWidth) return null
  const [widest = document.body] = [...document.querySelectorAll("body *")]
    .filter(spills).sort((one, other) => right(other) - right(one))
  return `<${widest.localName} class="${widest.getAttribute("class")}">`
}"""


@dataclass
class Visit:
    """A page that was loaded once, on a phone, and what happened since."""

    source: SitePage
    page: Page
    errors: list[str]
    """Errors on the console and in scripts."""
    requests: list[str]
    """Addresses of all requests."""
    widths: set[str] = field(default_factory=set)
    """Those at which it has been looked at."""

    def settle(self) -> None:
        """Wait until the theme's script, the last to be loaded, had two frames to ask for more.

        Nothing of the site loads later by itself, and "networkidle" would wait half a second each time.
        """
        self.page.wait_for_load_state("load")
        self.page.evaluate(THEME_STARTED)
        self.page.evaluate(TWO_FRAMES)

    def look(self, width: str, scheme: str = "light") -> None:
        """Let the window be as wide, and the system as light or dark, as is asked for."""
        resize(self.page, width)
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        try:
            self.page.wait_for_selector(f'[data-md-color-scheme="{SCHEMES[scheme]}"]')
        except Error:
            fail(
                self.source.source,
                f"does not follow a system that is {scheme}. Repair the palette.",
            )
        self.page.evaluate(TWO_FRAMES)
        self.widths.add(width)

    def look_at_all_widths(self) -> None:
        """Let the page have done what it does at each width."""
        for width in WIDTHS.keys() - self.widths:
            self.look(width)


def each(pages: list[SitePage]) -> list[Any]:
    """Return the parameters of a test for each of ``pages``; tests of a page share its visit."""
    return [
        pytest.param(page, id=page.slug, marks=pytest.mark.xdist_group(page.slug)) for page in pages
    ]


def fail(view: object, fault: str) -> NoReturn:
    """Fail with one line that names the page."""
    pytest.fail(f"{view}: {fault}", pytrace=False)


def open_page(page: Page, source: SitePage, served: str) -> None:
    """Load a page of the site."""
    response = page.goto(served + source.address)
    if not response or not response.ok:
        fail(source.source, "not built. Run `make build`.")


@pytest.fixture(scope="session")
def window(browser: Browser) -> Iterator[Page]:
    """One window for all pages: to open one takes longer than to load a page and to look at it.

    It lasts for the session, since the tests of a page stand in two modules, and a process runs page by page.
    """
    with new_context(browser, "phone") as phone:
        yield phone.new_page()


@pytest.fixture(scope="session")
def visit(request: pytest.FixtureRequest, window: Page, served: str) -> Iterator[Visit]:
    """The page of the test's ``SitePage``, loaded; tests of the same page share it."""
    source: SitePage = request.param
    page = window
    errors: list[str] = []
    requests: list[str] = []

    def note_request(request: Request) -> None:
        requests.append(request.url)

    def note_error(error: Error) -> None:
        errors.append(error.message)

    def note_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    resize(page, "phone")
    page.emulate_media(color_scheme="light")
    page.on("request", note_request)
    page.on("pageerror", note_error)
    page.on("console", note_message)
    open_page(page, source, served)
    yield Visit(source, page, errors, requests)
    page.remove_listener("request", note_request)
    page.remove_listener("pageerror", note_error)
    page.remove_listener("console", note_message)


@pytest.mark.parametrize("visit", each(ANSWERS), indirect=True)
def test_answer_is_light(visit: Visit, site: Path, served: str) -> None:
    visit.settle()
    weights = [
        (path.relative_to(site).as_posix(), len(sent(path)))
        for address in visit.requests
        if address.startswith(served)
        and (path := file_of(site, urlsplit(address.removeprefix(served)).path))
    ]
    total = sum(size for _, size in weights)
    if total > MOST_BYTES or len(weights) > MOST_REQUESTS:
        parts = ", ".join(
            f"{name} {size}" for name, size in sorted(weights, key=lambda weight: -weight[1])
        )
        fail(
            visit.source.source,
            f"{total} bytes in {len(weights)} requests, {MOST_BYTES} in {MOST_REQUESTS} are allowed. "
            f"Make the greatest smaller: {parts}",
        )


@pytest.mark.parametrize("visit", each(ALL_PAGES), indirect=True)
def test_page_fits_a_phone(visit: Visit) -> None:
    visit.look("phone")
    visit.page.evaluate(OPEN_ALL)
    if element := visit.page.evaluate(WIDEST):
        fail(visit.source.source, f"{element} is wider than the screen. Let it wrap or scroll.")


@pytest.mark.parametrize("visit", each(ANSWERS), indirect=True)
def test_answer_prints_on_few_sheets(visit: Visit) -> None:
    visit.settle()
    visit.look("desktop")
    sheets = len(re.findall(rb"/Type\s*/Page\b", visit.page.pdf(format="A4")))
    if sheets > MOST_SHEETS:
        fail(
            visit.source.source,
            f"prints on {sheets} sheets of A4, {MOST_SHEETS} are allowed. Shorten it.",
        )


# From here on the page is no longer as readers meet it: axe needs less of it.


@pytest.mark.parametrize("visit", each(ALL_PAGES), indirect=True)
@pytest.mark.parametrize(("scheme", "width"), VIEWS)
def test_axe_finds_no_violation(visit: Visit, scheme: str, width: str) -> None:
    visit.settle()
    visit.look(width, scheme)
    found = violations(visit.page, *(COLOUR_RULES if scheme == "dark" else ()))
    place = f"{visit.source.source} ({width}), {scheme}"
    if lines := [
        f"{place}: {fault}. Repair the page, or the theme in docs/assets."
        for fault in faults(found)
    ]:
        pytest.fail("\n".join(lines), pytrace=False)


@pytest.mark.parametrize("visit", each(ALL_PAGES), indirect=True)
def test_page_raises_no_error_in_the_browser(visit: Visit) -> None:
    visit.settle()
    visit.look_at_all_widths()
    if visit.errors:
        fail(visit.source.source, f"{' / '.join(visit.errors)}. Repair what the page loads.")


@pytest.mark.parametrize("visit", each(ALL_PAGES), indirect=True)
def test_page_asks_no_other_host(visit: Visit, served: str) -> None:
    visit.settle()
    visit.look_at_all_widths()
    own = urlsplit(served).netloc
    hosts = {urlsplit(address).netloc for address in visit.requests} - {own, ""}
    if hosts:
        fail(visit.source.source, f"asks {', '.join(sorted(hosts))}. Serve it from the site.")


def test_answer_is_painted_before_the_themes_script_is_asked_for(
    browser: Browser, served: str
) -> None:
    with new_context(browser, "phone") as context:
        page = context.new_page()
        page.add_init_script("""new MutationObserver(records => {
          const added = records.flatMap(record => [...record.addedNodes])
          if (!added.some(node => node.src?.includes("/bundle."))) return
          window.paintedFirst = performance.getEntriesByName("first-contentful-paint").length === 1
        }).observe(document, { childList: true, subtree: true })""")
        open_page(page, ANSWERS[0], served)
        page.wait_for_function("window.paintedFirst !== undefined")
        assert page.evaluate("window.paintedFirst")


@pytest.mark.parametrize("scripts", [True, False], ids=["javascript", "no-javascript"])
def test_short_link_leads_to_its_answer(
    browser: Browser, served: str, catalogue: Catalogue, scripts: bool
) -> None:
    number, answer = next(iter(catalogue.answers.items()))
    target = served + answer.address + ("#sources" if scripts else "")
    with new_context(browser, "phone", scripts=scripts) as context:
        page = context.new_page()
        try:
            page.goto(f"{served}{number}/#sources")
            page.wait_for_url(target if scripts else target + "*")
        except Error:
            fail(answer.file, f"/{number}/#sources led to {page.url}, not to {target}.")
