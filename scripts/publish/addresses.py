"""The addresses that were ever published, and whether the built site still has them.

``data/published.txt`` holds one address a line, sorted: pages (``concurrency/``), heading anchors
(``concurrency/#in-review``) and short links, each with the page that it led to when it was first published
(``1/ concurrency/await/``). It only grows; `make addresses` adds the new ones.
"""

import re
import sys
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.identity import PUBLISHED, moved_pages, owners
from scripts.catalogue.identity import published as lines_of
from scripts.catalogue.problems import Problem
from scripts.project import ROOT

# A heading, or the empty element that keeps a former id of one.
ANCHOR = re.compile(r"<(?:h[1-6]\b[^>]*?|a(?= id=\"[^\"]+\"></a>))\sid=\"([^\"]+)\"")


def built(site: Path) -> set[str]:
    """Return every address of the built site: pages, and the anchors of their headings."""
    addresses = set()
    for path in site.rglob("index.html"):
        page = path.parent.relative_to(site).as_posix().removeprefix(".")
        page = f"{page}/" if page else ""
        addresses.add(page or "/")
        addresses.update(
            f"{page}#{anchor}" for anchor in ANCHOR.findall(path.read_text(encoding="utf-8"))
        )
    return addresses


def published(root: Path = ROOT) -> set[str]:
    """Return every address and page of the committed list."""
    return {part for line in lines_of(root) for part in line if part}


def missing(site: Path, root: Path = ROOT) -> list[str]:
    """Return the published addresses that lead nowhere on the built site, sorted.

    A redirected page's headings have to be headings of the page that it leads to.
    """
    found, moved = built(site), moved_pages(root)
    gone = []
    for address in sorted(published(root)):
        page, hash_sign, anchor = address.partition("#")
        if moved.get(page, page) + hash_sign + anchor not in found:
            gone.append(address)
    return gone


def vanished(site: Path, root: Path = ROOT) -> list[Problem]:
    """Return a problem for each published page or heading that the built site no longer has.

    Of a page that is gone, headings and short link are not listed as well.
    """
    gone = missing(site, root)
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
        if anchor and source:
            place = (source, 1)
            remedy = f"Give its former id to the heading that took its place: `{{ #{anchor} }}`."
        fault = f"the published address {address} no longer resolves"
        problems.append(Problem(*place, fault, remedy, "Addresses"))
    return problems


def main() -> int:
    """Add the new addresses of the built site to the list; remove none."""
    pages = {number: page.address for number, page in load().answers.items()}
    lines = (ROOT / PUBLISHED).read_text(encoding="utf-8").splitlines()
    for address in built(ROOT / "site") - published():
        number = address.rstrip("/")
        lines.append(f"{address} {pages[int(number)]}" if number.isdigit() else address)
    (ROOT / PUBLISHED).write_text("\n".join(sorted(lines)) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
