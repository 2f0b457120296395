"""A reader sees every part of an answer: nothing is there for the checks alone."""

import pytest
from playwright.sync_api import Browser

from scripts.catalogue.answers import Catalogue
from tests.conftest import new_context

pytestmark = pytest.mark.site

# What is not seen of all that shows text: it is hidden, has no place, or the colour of its ground.
UNSEEN = """() => {
  const clear = colour => /^rgba\\(.*, 0\\)$/.test(colour) || colour === "transparent"
  const ground = element => {
    for (; element; element = element.parentElement) {
      const { backgroundColor } = getComputedStyle(element)
      if (!clear(backgroundColor)) return backgroundColor
    }
    return "rgb(255, 255, 255)"
  }
  const fault = element => {
    const own = getComputedStyle(element)
    const { width, height, right, bottom } = element.getBoundingClientRect()
    let opacity = 1
    for (let one = element; one; one = one.parentElement) opacity *= getComputedStyle(one).opacity
    if (own.display === "none" || own.visibility !== "visible") return "is hidden"
    if (opacity < 0.5) return `has an opacity of ${opacity}`
    if (width < 2 || height < 2 || right < 0 || bottom + scrollY < 0) return "has no place"
    if (clear(own.color) || own.color === ground(element)) return "has the colour of its ground"
    if (parseFloat(own.fontSize) < 9) return `is ${own.fontSize} high`
  }
  document.querySelectorAll("article details").forEach(details => { details.open = true })
  const parts = "article :is(h1, h2, h3, p, li, dt, dd, th, td, pre, summary, blockquote)"
  return [...document.querySelectorAll(parts)]
    .filter(element => element.textContent.trim())
    .map(element => [element, fault(element)])
    .filter(([, fault]) => fault)
    .map(([element, fault]) => `${element.tagName} “${element.textContent.trim().slice(0, 40)}” ${fault}`)
}"""


@pytest.mark.parametrize("number", [1, 7])
def test_every_part_of_an_answer_is_seen(
    browser: Browser, served: str, catalogue: Catalogue, number: int
) -> None:
    with new_context(browser, "desktop") as context:
        page = context.new_page()
        page.goto(served + catalogue.answers[number].address)
        assert page.locator("article p").count() > 10
        assert page.evaluate(UNSEEN) == []
