"""What readers meet without JavaScript: all of the page, and code of which nothing is hidden or broken."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from scripts.catalogue.answers import Catalogue
from scripts.project import ROOT
from tests.browser.reading.test_pages import WIDEST, each, fail, open_page
from tests.conftest import new_context, resize
from tests.pages.test_blocks import INCLUDE
from tests.refuse import refuse
from tests.site_pages import ALL_PAGES, ANSWERS, SitePage, plain

pytestmark = pytest.mark.site

CODE_WIDTHS = (390, 768, 1280, 1440)
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


@dataclass
class BareVisit:
    """A page that was loaded once on a phone without JavaScript."""

    source: SitePage
    page: Page


@pytest.fixture(scope="session")
def bare_window(browser: Browser) -> Iterator[Page]:
    """One window for all pages."""
    with new_context(browser, "phone", scripts=False) as context:
        yield context.new_page()


@pytest.fixture(scope="session")
def bare(request: pytest.FixtureRequest, bare_window: Page, served: str) -> BareVisit:
    """The page of the test's ``SitePage``; tests of the same page share it."""
    resize(bare_window, "phone")
    open_page(bare_window, request.param, served)
    return BareVisit(request.param, bare_window)


@pytest.mark.parametrize("bare", each(ALL_PAGES), indirect=True)
def test_page_fits_a_phone(bare: BareVisit) -> None:
    if element := bare.page.evaluate(WIDEST):
        fail(
            bare.source.source,
            f"{element} is wider than a phone's screen without JavaScript. Let it wrap or scroll.",
        )


@pytest.mark.parametrize("bare", each(ANSWERS), indirect=True)
def test_answer_is_complete(bare: BareVisit, catalogue: Catalogue) -> None:
    source = bare.source
    answer = next(a for a in catalogue.answers.values() if a.file == source.source)
    markdown = (ROOT / source.source).read_text(encoding="utf-8")
    article = bare.page.locator("article")
    text = " ".join(article.inner_text().split())
    wanted = [
        answer.title,
        answer.meta.answer,
        *re.findall(r"^##+ (.+?)(?: \{.*\})?$", markdown, re.M),
        *(entry.title for entry in answer.meta.sources),
        *(entry.truth for entry in answer.meta.said),
    ]
    lost = [part for part in wanted if plain(part) not in text]
    # The browser gives no inner text of what it has not laid out yet.
    blocks = [block for block in article.locator("pre").all_text_contents() if block.strip()]
    if len(blocks) != len(INCLUDE.findall(markdown)):
        lost.append("a code block")
    if lost:
        fail(source.source, f"not shown without JavaScript: {' / '.join(lost)}")


@pytest.mark.parametrize("bare", each(ALL_PAGES), indirect=True)
def test_nothing_of_the_code_is_hidden_or_broken(bare: BareVisit) -> None:
    bare.page.evaluate(LAY_OUT)
    faults = []
    for width in CODE_WIDTHS:
        bare.page.set_viewport_size({"width": width, "height": 900})
        found = bare.page.evaluate(MEASURE)
        faults += [f"{bare.source.source} at {width} px: {fault}" for fault in found]
    refuse(faults)
