"""Code on a phone, a tablet and two desktops: nothing hidden, no identifier broken, no button in the way."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.code.test_copying import ANNOUNCED, heard
from tests.conftest import new_context
from tests.site_pages import ANSWERS

pytestmark = pytest.mark.site

# The buttons that the theme puts on blocks of code, where they overlap a line.
ICONS = """() => [...document.querySelectorAll(".block")].flatMap(block => {
  const icon = block.querySelector(".md-code__nav")?.getBoundingClientRect()
  if (!icon) return [`no button: ${block.innerText.slice(0, 40)}`]
  const line = block.querySelector("code > .l").getBoundingClientRect()
  return icon.bottom > line.top + 1 ? [`a button lies on ${block.innerText.slice(0, 40)}`] : []
})"""


@pytest.fixture(scope="module")
def plain(browser: Browser) -> Iterator[Page]:
    """A window without JavaScript, in which the code is all there."""
    with new_context(browser, "phone", scripts=False) as context:
        yield context.new_page()


def test_no_button_lies_on_code(browser: Browser, served: str) -> None:
    for width in ("phone", "desktop"):
        with new_context(browser, width) as context:
            page = context.new_page()
            page.goto(f"{served}{ANSWERS[0].address}")
            page.locator(".md-code__nav").first.wait_for(state="attached")
            assert page.evaluate(ICONS) == []


@pytest.mark.parametrize("kind", ["l--flag", "l--ask"])
def test_a_marked_line_is_coloured_as_a_whole(plain: Page, served: str, kind: str) -> None:
    plain.goto(f"{served}background-tasks/adding-background-tasks/")
    line = plain.locator(f"code > .{kind}").first
    background = line.evaluate("line => getComputedStyle(line).backgroundColor")
    edge = line.evaluate("line => getComputedStyle(line).boxShadow")
    assert background != "rgba(0, 0, 0, 0)"
    assert edge.startswith(background)


def test_a_program_can_be_copied_and_is_there_without_a_script(
    browser: Browser, served: str
) -> None:
    with new_context(browser, "desktop") as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.add_init_script(ANNOUNCED)
        page = context.new_page()
        page.goto(f"{served}{ANSWERS[0].address}")
        button = page.get_by_role("button", name="Copy program").first
        button.click()
        heard(page, "Program copied")
        link = page.locator(".block__file").first.get_attribute("href")
        assert link
        program = context.request.get(urljoin(page.url, link))
        assert program.headers["content-type"].startswith("text/plain")
        assert page.evaluate("navigator.clipboard.readText()") == program.text()
