"""The search box finds each answer by what people type: its question, another wording, an identifier."""

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page

from scripts.catalogue import AnswerPage, Catalogue
from tests.conftest import new_context

pytestmark = pytest.mark.site

# The place up to which an answer has to appear, by the kind of phrase.
PLACES = {"title": 1, "first other wording": 3, "identifier": 3}
SHOWN = 10  # results that the box shows at once
META = ".md-search-result__meta"  # says how many results there are, or invites to type
SAYS = f"text => document.querySelector('{META}').textContent.trim() === text"
SAYS_OTHER = f"text => document.querySelector('{META}').textContent.trim() !== text"
INVITATION = """() => JSON.parse(document.querySelector("#__config").textContent)
  .translations["search.result.placeholder"]"""
# The first link of a result leads to the page, the others to its sections.
RESULTS = """() => [...document.querySelectorAll(".md-search-result__item")].map(
  item => item.querySelector(".md-search-result__link").href)"""


class SearchBox:
    """The search box of a page in the browser."""

    def __init__(self, page: Page, served: str) -> None:
        """Open the home page and the box."""
        self.page, self.served = page, served
        page.goto(served)
        page.keyboard.press("/")
        self.box = page.locator(".md-search__input")
        self.invitation = page.evaluate(INVITATION)

    def type(self, phrase: str) -> None:
        """Put a phrase into the box; the box looks at it when a key is released."""
        self.box.fill(phrase)
        self.box.press("End")

    def results(self, phrase: str) -> list[str]:
        """Return the addresses of the pages found, below the site's root, best first."""
        try:
            self.type("")
            self.page.wait_for_function(SAYS, arg=self.invitation)
            self.type(phrase)
            self.page.wait_for_function(SAYS_OTHER, arg=self.invitation)
        except Error:
            pytest.fail(
                f"The search box does not answer “{phrase}”. Repair the search or its index.",
                pytrace=False,
            )
        links: list[str] = self.page.evaluate(RESULTS)
        base = urlsplit(self.served).path
        return [urlsplit(link).path.removeprefix(base) for link in links[:SHOWN]]


@pytest.fixture(scope="module")
def search(browser: Browser, served: str) -> Iterator[SearchBox]:
    """The search box of the home page."""
    with new_context(browser, "desktop") as context:
        yield SearchBox(context.new_page(), served)


def identifiers(answer: AnswerPage) -> list[str]:
    """Return what stands in backticks in the short answer and the other wordings."""
    text = "\n".join([answer.meta.answer, *answer.meta.asked_as])
    return list(dict.fromkeys(re.findall(r"`([^`\n]+)`", text)))


def phrases(kind: str, answer: AnswerPage, catalogue: Catalogue) -> list[str]:
    """Return the phrases of a kind, any of which has to find the answer.

    An identifier that many answers name cannot find each of them: it is left out.
    """
    if kind == "title":
        return [answer.title]
    if kind == "first other wording":
        return [answer.meta.asked_as[0].replace("`", "")]
    named = Counter(name for page in catalogue.answers.values() for name in identifiers(page))
    return [name for name in identifiers(answer) if named[name] <= PLACES[kind]]


@pytest.mark.parametrize("kind", PLACES)
def test_each_answer_is_found(search: SearchBox, catalogue: Catalogue, kind: str) -> None:
    lines = []
    for answer in catalogue.answers.values():
        misses = []
        for phrase in phrases(kind, answer, catalogue):
            best = search.results(phrase)
            if answer.address in best[: PLACES[kind]]:
                break
            misses.append(f"“{phrase}” finds {', '.join(best[:3]) or 'nothing'}")
        else:
            if misses:
                lines.append(
                    f"{answer.file}: not among the first {PLACES[kind]} results by its {kind}: "
                    f"{'; '.join(misses)}. Name the subject in its title, answer or `asked_as`."
                )
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)
