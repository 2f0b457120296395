"""Programs run in the page: what a reader sees before, while and after, and what may go wrong."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from scripts.project import site_url
from tests.browser.axe import faults, violations
from tests.browser.code.test_copying import ANNOUNCED, WITHIN_THE_CLICK, heard
from tests.conftest import new_context, resize

pytestmark = pytest.mark.site

ROUTES, OTHER = "requests/route-order/", "requests/path-operations/"
# Presses Stop as soon as it is there and the run has told something. A run ends by itself after 10 s, and a
# test may come later.
STOP = """told => {
  const look = () => {
    const buttons = [...document.querySelectorAll(".run__button")]
    const stop = buttons.find(one => one.textContent === "Stop" && one.checkVisibility())
    if (stop && document.querySelector(".run").textContent.includes(told)) stop.click()
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}"""
# Notes that the page draws on while a program runs, with a button that ends it.
NOTE_RUNNING = """() => {
  window.wasSeenRunning = false
  const look = () => {
    const buttons = [...document.querySelectorAll(".run__button")]
    const stop = buttons.find(one => one.textContent === "Stop" && one.checkVisibility())
    const { textContent } = document.querySelector(".run__status")
    if (stop && textContent === "Running …") window.wasSeenRunning = true
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}"""
# A busy page may come to the end of its ten seconds after the worker has counted eleven.
LATE_TIMER = """isLate => {
  window.originalSetTimeout ??= window.setTimeout
  window.setTimeout = (run, time, ...values) =>
    window.originalSetTimeout(run, isLate && time === 10_000 ? 10 * time : time, ...values)
}"""
TICKS = """
import asyncio
from fastapi import WebSocket


@app.websocket("/ticks")
async def ticks(socket: WebSocket):
    await socket.accept()

    async def hear():
        while True:
            await socket.send_text("heard " + await socket.receive_text())

    hearing = asyncio.create_task(hear())
    for number in range(1000):
        await socket.send_text(f"tick {number}")
        await asyncio.sleep(0.2)
"""
MARKUP = """
from fastapi.responses import HTMLResponse


@app.get("/markup", response_class=HTMLResponse)
def markup():
    return "<script>parent.document.title = 'taken over'</script><h1>Hello</h1>"
"""
SAVES_DATA = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })"
LIMIT = 120_000  # milliseconds in which the interpreter starts on a busy machine


@pytest.fixture(scope="module")
def window(browser: Browser, site: Path, served: str) -> Iterator[BrowserContext]:
    """A window whose cache is kept from test to test, and in which the theme navigates.

    The theme follows links that the sitemap lists, which names another port than that of the test's server.
    """
    sitemap = (site / "sitemap.xml").read_text(encoding="utf-8").replace(site_url(), served)

    def answer(route: Route) -> None:
        route.fulfill(body=sitemap, content_type="application/xml")

    with new_context(browser, "desktop") as context:
        context.route("**/sitemap.xml", answer)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield context


@pytest.fixture(scope="module")
def tab(window: BrowserContext, served: str) -> Iterator[Page]:
    """A tab of that window in which a program has been run."""
    page = window.new_page()
    page.set_default_timeout(LIMIT)
    page.goto(served + ROUTES)
    page.locator(".block__run").first.wait_for()
    run(page)
    yield page
    page.close()


@pytest.fixture
def page(tab: Page) -> Page:
    """An answer with programs that run: the theme navigates to it anew, and the interpreter is kept."""
    resize(tab, "desktop")
    tab.emulate_media(color_scheme="light")
    if tab.url.endswith(ROUTES):
        go(tab, OTHER)
    go(tab, ROUTES)
    tab.locator(".block__run").first.wait_for()
    return tab


def go(page: Page, address: str) -> None:
    """Follow the link to ``address`` in the navigation, and wait until its text stands there."""
    page.locator("article").evaluate("article => { article.id = 'former' }")
    page.locator(f'.md-nav__link[href$="{address.partition("/")[2]}"]').first.click()
    page.wait_for_url(re.compile(f"{address}$"))
    expect(page.locator("#former")).to_have_count(0, timeout=LIMIT)


def run(page: Page) -> None:
    """Run the first program of the page, and wait for its end."""
    page.locator(".block__run").first.click()
    finished(page)


def finished(page: Page) -> None:
    expect(page.locator(".run__status").first).to_have_text(
        re.compile("same as recorded|Different|Finished|Stopped|could not"), timeout=LIMIT
    )


def code(page: Page, text: str) -> None:
    """Write ``text`` in place of the code of the first block that has been run."""
    page.locator(".block--runs code").first.fill(text)


def add(page: Page, text: str) -> None:
    """Write ``text`` below the code of the first block that has been run."""
    code(page, f"{page.locator('.block--runs code').first.inner_text()}\n\n{text}")


def test_nothing_is_loaded_before_the_click_and_then_from_this_site_alone(
    window: BrowserContext, served: str
) -> None:
    page = window.new_page()
    page.set_default_timeout(LIMIT)
    asked = list[str]()
    window.on("request", lambda request: asked.append(request.url))
    page.goto(served + ROUTES)
    page.locator(".block__run").first.wait_for()
    assert not [address for address in asked if "/run/" in address or ".json" in address]
    run(page)
    assert any(address.endswith("pyodide.asm.wasm") for address in asked)
    assert {urlsplit(address).netloc for address in asked} == {urlsplit(served).netloc}
    page.close()


def test_the_recorded_exchange_stands_beside_the_real_one_and_is_the_same(page: Page) -> None:
    run(page)
    panel = page.locator(".run").first
    expect(panel.locator(".run__status")).to_have_text(re.compile("The same as recorded"))
    expected, real = (panel.locator(".run__text").nth(n).inner_text() for n in (0, 1))
    assert '200 OK  "the caller"' in expected
    assert '"the caller"' in real
    expect(panel.locator(".run__versions")).to_contain_text("FastAPI 0.")


def test_a_change_of_the_code_is_run_and_what_differs_is_marked(page: Page) -> None:
    run(page)
    changed = page.locator(".block--runs code").first.inner_text().replace("the caller", "me")
    code(page, changed)
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".run__status").first).to_have_text(
        "Different from what was recorded, in 1 line."
    )
    assert page.locator(".run__other").all_inner_texts() == ['200 OK  "the caller"', '200 OK  "me"']
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".run__status").first).to_have_text(re.compile("The same as recorded"))


def test_what_is_typed_over_all_of_the_code_has_no_colour_of_its_first_word(page: Page) -> None:
    run(page)
    shown = page.locator(".block--runs code").first
    shown.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("print('typed')")
    expect(shown).to_have_text("print('typed')")
    expect(shown.locator("*")).to_have_count(0)
    page.get_by_role("button", name="Reset").click()
    expect(shown.locator(".l").first).to_contain_text("from fastapi")


def test_another_request_goes_to_the_running_application_within_a_moment(page: Page) -> None:
    run(page)
    page.get_by_role("textbox", name="Request", exact=True).fill("GET /users/42\n\nGET /nowhere")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".run__text").nth(1)).to_contain_text("404 Not Found")
    expect(page.locator(".run__status").first).to_have_text(
        re.compile("Finished in .* not compared, because the request is another one")
    )


@pytest.mark.parametrize(
    ("broken", "kind"), [("1 / 0", "ZeroDivisionError"), ('"the', "SyntaxError")]
)
def test_an_error_is_told_with_the_readers_lines(page: Page, broken: str, kind: str) -> None:
    run(page)
    changed = page.locator(".block--runs code").first.inner_text().replace('"the caller"', broken)
    code(page, changed)
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".run__status").first).to_have_text(
        f"Ended with {kind}, which was not recorded."
    )
    expect(page.locator('[data-kind="error"]').last).to_contain_text(kind)
    told = page.locator(".run__text").nth(1).inner_text()
    assert set(re.findall(r'File "(.*?)"', told)) == {"fixed_first.py"}, told


def test_an_endless_program_is_stopped_by_hand_and_the_next_run_works(page: Page) -> None:
    run(page)
    code(page, page.locator(".block--runs code").first.inner_text() + "\nwhile True:\n    pass")
    page.evaluate(STOP, "")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".run__status").first).to_have_text(re.compile("Stopped by you"))
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".run__status").first).to_have_text(
        re.compile("The same as recorded"), timeout=LIMIT
    )


CLIENTS = """import httpx2
from fastapi import FastAPI

app = FastAPI()


@app.get("/users/me")
async def read_me() -> str:
    try:
        httpx2.get("https://elsewhere.example/")
    except httpx2.ConnectError as error:
        print("refused:", error)
    async with httpx2.AsyncClient() as client:
        return (await client.get("https://elsewhere.example/")).text
"""


def test_a_program_reaches_no_other_host(page: Page, served: str) -> None:
    run(page)
    asked = list[str]()
    page.context.on("request", lambda request: asked.append(request.url))
    code(page, CLIENTS)
    page.get_by_role("textbox", name="Request", exact=True).fill("GET /users/me")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".run__status").first).to_have_text(re.compile("Finished in"))
    told = page.locator(".run__text").nth(1).inner_text()
    assert "refused: Programs in the page have no network." in told
    assert "DeadlockError" in told  # an answer that never comes
    assert {urlsplit(address).netloc for address in asked} <= {urlsplit(served).netloc}


@pytest.mark.parametrize(
    ("body", "is_late"), [("pass", False), ("print('x')", False), ("print('x')", True)]
)
def test_an_endless_loop_is_stopped_after_ten_seconds_and_the_page_stays_alive(
    page: Page, body: str, is_late: bool
) -> None:
    page.evaluate(LATE_TIMER, is_late)
    run(page)
    add(page, f"while True:\n    {body}\n")
    page.evaluate(NOTE_RUNNING)
    page.get_by_role("button", name="Send again").click()
    page.wait_for_function("window.wasSeenRunning")
    expect(page.locator(".run__status").first).to_have_text(
        "Stopped after 10 s. The next run starts anew.", timeout=LIMIT
    )
    assert len(page.locator(".run__text").nth(1).inner_text()) < 110_000


def test_a_socket_that_stays_open_shows_each_message_and_is_stopped(page: Page) -> None:
    run(page)
    add(page, TICKS)
    page.get_by_role("textbox", name="Request", exact=True).fill("WEBSOCKET /ticks\n\nhi")
    page.evaluate(STOP, "server ← tick 5")
    page.get_by_role("button", name="Send again").click()
    real = page.locator(".run__text").nth(1)
    for told in ("server ← tick 1", "client → hi", "server ← heard hi", "server ← tick 5"):
        expect(real).to_contain_text(told, timeout=LIMIT)
    expect(page.locator(".run__status").first).to_have_text(re.compile("Stopped by you"))
    assert "close" not in real.inner_text()


def test_an_answer_in_html_is_shown_where_no_script_runs(page: Page) -> None:
    run(page)
    add(page, MARKUP)
    page.get_by_role("textbox", name="Request", exact=True).fill("GET /markup")
    page.get_by_role("button", name="Send again").click()
    finished(page)
    frame = page.locator(".run__page")
    assert frame.get_attribute("sandbox") == ""
    expect(frame.content_frame.get_by_role("heading")).to_have_text("Hello")
    assert "taken over" not in page.title()


def test_who_saves_data_is_asked_before_anything_of_weight_is_loaded(
    browser: Browser, served: str
) -> None:
    with new_context(browser, "phone") as context:
        context.add_init_script(SAVES_DATA)
        page = context.new_page()
        page.set_default_timeout(LIMIT)
        asked = list[str]()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(served + ROUTES)
        page.locator(".block__run").first.click()
        page.get_by_text("Your browser asks to save data. Running loads 8 MB, once.").wait_for()
        assert not [address for address in asked if address.endswith((".wasm", ".bin"))]
        page.get_by_role("button", name="Load and run").click()
        finished(page)
        assert [address for address in asked if address.endswith(".wasm")]


def test_a_file_that_is_missing_gives_a_sentence_and_no_button_that_waits(
    browser: Browser, served: str
) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=404)

    with new_context(browser, "phone") as context:
        context.route(re.compile(r"core\.bin"), refuse)
        page = context.new_page()
        page.goto(served + ROUTES)
        page.locator(".block__run").first.click()
        expect(page.locator(".run__status").first).to_have_text(
            re.compile(r"Python could not be loaded: core\.bin \(404\)\. Press Send again"),
            timeout=LIMIT,
        )
        assert page.get_by_role("button", name="Send again").is_enabled()


def test_a_program_that_cannot_be_fetched_gives_a_sentence(browser: Browser, served: str) -> None:
    with new_context(browser, "phone") as context:
        context.route(re.compile(r"/code/.*\.json"), lambda route: route.abort())
        page = context.new_page()
        page.goto(served + ROUTES)
        button = page.locator(".block__run").first
        button.click()
        expect(page.get_by_role("alert")).to_contain_text("This program cannot be run now")
        assert button.is_enabled()


def test_a_link_fills_a_change_in_and_runs_nothing(page: Page, served: str) -> None:
    page.evaluate(WITHIN_THE_CLICK)
    run(page)
    changed = (
        page.locator(".block--runs code").first.inner_text().replace("the caller", "from a link")
    )
    code(page, changed)
    page.evaluate(ANNOUNCED)
    page.get_by_role("button", name="Copy link to this change").click()
    heard(page, "Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert "#code=" in link
    other = page.context.new_page()
    asked = list[str]()
    other.on("request", lambda request: asked.append(request.url))
    other.goto(link)
    other.get_by_text("This code came with the link. Read it before you run it.").wait_for()
    assert "from a link" in other.locator(".block--runs code").first.inner_text()
    assert not [address for address in asked if address.endswith((".wasm", "worker.js"))]
    other.close()


def test_the_worker_outlives_the_page(page: Page) -> None:
    run(page)
    go(page, OTHER)
    page.locator(".block__run").first.wait_for()
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url))
    run(page)
    assert not [address for address in asked if "pyodide" in address]


def test_the_panel_fits_a_phone_and_axe_finds_nothing(page: Page) -> None:
    resize(page, "phone")
    run(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults(violations(page)) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector('[data-md-color-scheme="slate"]')
    assert faults(violations(page)) == []


def test_all_is_reached_by_keyboard(page: Page) -> None:
    page.locator(".block__run").first.focus()
    page.keyboard.press("Enter")
    finished(page)
    assert page.locator(".run__status").first.get_attribute("role") == "status"
    page.get_by_role("textbox", name="Request", exact=True).focus()
    page.keyboard.press("Control+Enter")
    finished(page)


def test_the_script_that_every_page_loads_stays_small(site: Path) -> None:
    text = (site / "assets/answers.js").read_text(encoding="utf-8")
    assert "run/page.js" in text
    assert "WebAssembly" not in text
