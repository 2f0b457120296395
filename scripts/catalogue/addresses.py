"""The addresses of the site: those that the files give, and those that were ever published.

``data/published.txt`` holds one address a line, sorted: pages (``concurrency/``), heading anchors
(``concurrency/#in-review``) and short links, each with the page that it led to when it was first published
(``1/ concurrency/await/``). It only grows; `make addresses` adds the new ones.
"""

import re
from pathlib import Path

from markdown.extensions.toc import slugify, unique

from scripts.catalogue.answers import AnswerPage, Catalogue, Page, load
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import once, text_of
from scripts.catalogue.finding import SEVERITIES
from scripts.catalogue.identity import PUBLISHED, address_of, moved_pages, owners
from scripts.catalogue.identity import published as lines_of
from scripts.catalogue.redirects import read_redirects

HEADING = re.compile(r"^#{1,6} +(?P<text>.+?)(?: *\{:? *[^{}]*#(?P<id>[\w-]+)[^{}]*\})? *$", re.M)
LISTED = ("all/", "corrections/")
"""Pages with a heading for each topic."""
Places = dict[str, tuple[str, int]]
"""File and line, from 1, by address."""


def headings(text: str) -> list[tuple[str, int]]:
    """Return the ids that the engine gives to the headings of a page, each with its line."""
    found = [(match, text.count("\n", 0, match.start()) + 1) for match in HEADING.finditer(text)]
    used = {match["id"] for match, _ in found if match["id"]}
    return [
        (match["id"] or unique(slugify(re.sub(r"\]\([^)]*\)", "", match["text"]), "-"), used), line)
        for match, line in found
    ]


def added(address: str, page: Page | None, catalogue: Catalogue) -> list[str]:
    """Return the ids of the headings that macros add to a page."""
    if isinstance(page, AnswerPage):
        parts = {"often-said-and-wrong": page.meta.said, "related-answers": page.meta.related}
        return ["sources", *(anchor for anchor, part in parts.items() if part)]
    if address == "reviews/":
        return [f"severity-{severity.replace(' ', '-')}" for severity in SEVERITIES]
    topics = [
        topic
        for topic in catalogue.topics
        if address == "all/" or any(a.meta.corrections for a in topic.answers + topic.retired)
    ]
    return [slugify(topic.title, "-") for topic in topics if address in LISTED]


@once
def addresses(root: Path) -> Places:
    """Return every address that the site will have, without building it."""
    found: Places = {}
    catalogue = load(root)
    pages: dict[str, Page] = {page.file: page for page in catalogue.answers.values()}
    for path in sorted([*root.glob("docs/*.md"), *root.glob("docs/*/*.md")]):
        name = path.relative_to(root).as_posix()
        address, text = address_of(name).removeprefix("index/").lstrip("/"), text_of(root, name)
        last = text.count("\n")
        made = [(anchor, last) for anchor in added(address, pages.get(name), catalogue)]
        found[address or "/"] = (name, 1)
        found |= {f"{address}#{anchor}": (name, line) for anchor, line in [*made, *headings(text)]}
    found |= {f"{number}/": (page.file, 1) for number, page in catalogue.answers.items()}
    for redirect in read_redirects(root):
        if redirect.anchors and redirect.new in found:
            found.setdefault(redirect.old, found[redirect.new])
    return found


def published(root: Path) -> set[str]:
    """Return every address and page of the committed list."""
    return {part for line in lines_of(root) for part in line if part}


def missing(found: set[str], root: Path) -> list[str]:
    """Return the published addresses that lead nowhere where a site has those that were ``found``, sorted.

    A redirected page's headings have to be headings of the page that it leads to.
    """
    moved = moved_pages(root)
    gone = []
    for address in sorted(published(root)):
        page, hash_sign, anchor = address.partition("#")
        if moved.get(page, page) + hash_sign + anchor not in found:
            gone.append(address)
    return gone


def vanished(found: set[str], root: Path) -> list[Problem]:
    """Return a problem for each published page or heading that a site no longer has.

    Of a page that is gone, headings and short link are not listed as well.
    """
    gone = missing(found, root)
    links = {f"{number}/": page for number, page in owners(root).items()}
    lines = (root / PUBLISHED).read_text(encoding="utf-8").splitlines()
    problems = []
    for address in gone:
        page, _, anchor = address.partition("#")
        if links.get(page) in gone or (anchor and page in gone):
            continue
        line = next(n for n, text in enumerate(lines, 1) if address in text.split())
        place, remedy = (PUBLISHED, line), "Keep the page, or redirect it."
        sources = (f"docs/{page}index.md", f"docs/{page.rstrip('/')}.md")
        source = next((name for name in sources if (root / name).is_file()), None)
        if source and page in moved_pages(root):
            continue  # the redirect is at fault (scripts/catalogue/redirects.py)
        if anchor and source:
            place = (source, 1)
            remedy = f"Give its former id to the heading that took its place: `{{ #{anchor} }}`."
        fault = f"the published address {address} no longer resolves"
        problems.append(Problem(*place, fault, remedy, "Addresses"))
    return problems
