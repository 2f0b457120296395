"""Keep the list of published addresses, which `make addresses` and `make fix` complete."""

import re
import sys
from pathlib import Path

from scripts.catalogue.addresses import addresses
from scripts.catalogue.answers import load
from scripts.catalogue.files.reading import text_of
from scripts.catalogue.identity import PUBLISHED
from scripts.project import ROOT, base, git

# A heading, or the empty element that keeps a former id of one.
ANCHOR = re.compile(r"<(?:h[1-6]\b[^>]*?|a(?= id=\"[^\"]+\"></a>))\sid=\"([^\"]+)\"")


def built(site: Path) -> set[str]:
    """Return every address of the built site: pages, and the anchors of their headings."""
    found = set()
    for path in site.rglob("index.html"):
        page = path.parent.relative_to(site).as_posix().removeprefix(".")
        page = f"{page}/" if page else ""
        found.add(page or "/")
        found.update(
            f"{page}#{anchor}" for anchor in ANCHOR.findall(path.read_text(encoding="utf-8"))
        )
    return found


def complete_list(root: Path) -> None:
    """Add the new addresses to the list; of those that were on it before the change, remove none."""
    lines = set(text_of(root, PUBLISHED).splitlines())
    before = set(git("show", f"{base(root)}:{PUBLISHED}", root=root)) or lines
    pages = {f"{number}/": page.address for number, page in load(root).answers.items()}
    listed = {line.split()[0] for line in before}  # a page that moved keeps the page of its number
    for address, (file, _) in addresses(root).items():
        if address not in listed and "WRITE: " not in text_of(root, file):
            before.add(f"{address} {pages[address]}" if address in pages else address)
    (root / PUBLISHED).write_text("\n".join(sorted(before)) + "\n", encoding="utf-8")


def main() -> int:
    """Complete the list."""
    complete_list(ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
