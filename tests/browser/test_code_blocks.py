"""Code on a phone, a tablet and two desktops: nothing hidden, no identifier broken, no button in the way."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import new_context
from tests.refuse import refuse
from tests.site_pages import ALL_PAGES, ANSWERS, SitePage

pytestmark = pytest.mark.site

WIDTHS = (390, 768, 1280, 1440)
LEAST_TABLE_TEXT = 14  # pixels, on a phone
# What is wrong with the page as it is laid out now, one line for each fault.
MEASURE = """() => {
  const faults = []
  const placed = (text, word) => {
    const range = document.createRange()
    range.setStart(text, word.index)
    range.setEnd(text, word.index + word[0].length)
    const boxes = [...range.getClientRects()]
    const width = boxes.reduce((sum, box) => sum + box.width, 0)
    return { boxes, width, rows: new Set(boxes.map(box => Math.round(box.top))).size }
  }
  for (const block of document.querySelectorAll(".block, .highlight")) {
    const parts = [block, ...block.querySelectorAll("pre, code, code > .l")]
    if (parts.some(part => part.scrollWidth > part.clientWidth + 1)) {
      faults.push(`code is hidden: ${block.innerText.trim().slice(0, 60)}`)
    }
  }
  // The first word of a line stands in its first row, and no word is broken that fits into one.
  for (const line of document.querySelectorAll(".block code > .l")) {
    const style = getComputedStyle(line)
    const shown = line.innerText
    const isDeep = shown.search(/\\S/) > 24 // a column of recorded output
    const { top, height } = line.getBoundingClientRect()
    const row = parseFloat(style.lineHeight)
    const room = line.clientWidth - parseFloat(style.paddingLeft)
    const indentation = Math.min(Math.max(shown.search(/\\S/), 0), 32)
    const hangs = parseFloat(style.paddingLeft) / parseFloat(style.fontSize) > (indentation + 1) * 0.5
    if (!hangs) faults.push(`goes on too far to the left: ${shown}`)
    if (height < 1.5 * row) continue // one row, in which nothing is broken
    const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT)
    let isFirst = true
    for (let text; text = texts.nextNode();) {
      for (const word of text.data.matchAll(/[A-Za-z_]\\w*/g)) {
        const { boxes, width, rows } = placed(text, word)
        if (rows > 1 && width < room) faults.push(`${word[0]} is broken in ${shown}`)
        const begins = isFirst && shown.trimStart().startsWith(word[0]) // and no number before it
        if (begins && boxes[0]?.top > top + row / 2 && !isDeep) faults.push(`an empty row above ${shown}`)
        isFirst = false
      }
    }
  }
  const room = document.querySelector("article p").getBoundingClientRect().width
  for (const code of document.querySelectorAll("article :is(td, th, p, li, dd) code")) {
    const text = code.firstChild
    if (text?.nodeType !== Node.TEXT_NODE) continue
    for (const word of text.data.matchAll(/[A-Za-z_]\\w+/g)) {
      const { width, rows } = placed(text, word)
      if (width < room && rows > 1) faults.push(`${word[0]} is broken`)
    }
  }
  for (const cell of document.querySelectorAll("article table:not([class]) :is(td, th, td code)")) {
    const size = parseFloat(getComputedStyle(cell).fontSize)
    if (size < LEAST) faults.push(`small text: ${cell.innerText.slice(0, 40)}`)
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push("the page scrolls sideways")
  return faults
}""".replace("LEAST", str(LEAST_TABLE_TEXT))
# What is out of sight is not laid out until it comes near, and would have no rows to look at.
LAY_OUT = """() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync("* { content-visibility: visible !important }")
  document.adoptedStyleSheets.push(sheet)
}"""
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


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.slug)
def test_nothing_of_the_code_is_hidden_or_broken(plain: Page, served: str, page: SitePage) -> None:
    plain.goto(f"{served}{page.address}")
    plain.evaluate(LAY_OUT)
    faults = []
    for width in WIDTHS:
        plain.set_viewport_size({"width": width, "height": 900})
        faults += [f"{page.source} at {width} px: {fault}" for fault in plain.evaluate(MEASURE)]
    refuse(faults)


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
        page = context.new_page()
        page.goto(f"{served}{ANSWERS[0].address}")
        button = page.get_by_role("button", name="Copy program").first
        button.click()
        page.get_by_text("Program copied").wait_for()
        link = page.locator(".block__file").first.get_attribute("href")
        assert link
        program = context.request.get(urljoin(page.url, link))
        assert program.headers["content-type"].startswith("text/plain")
        assert page.evaluate("navigator.clipboard.readText()") == program.text()
