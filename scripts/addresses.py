"""The addresses that were ever published, and whether the built site still has them.

``published.txt`` holds one address a line, sorted: pages (``concurrency/``), short links (``1/``)
and heading anchors (``concurrency/#in-review``). It only grows; `make addresses` adds the new ones.
"""

import re
import sys
from pathlib import Path

from scripts.catalogue import ROOT

PUBLISHED = "published.txt"
ANCHOR = re.compile(r"<h[1-6][^>]*?\sid=\"([^\"]+)\"")


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
    """Return the committed list."""
    return set((root / PUBLISHED).read_text(encoding="utf-8").split())


def missing(site: Path, root: Path = ROOT) -> list[str]:
    """Return the published addresses that the built site no longer has, sorted."""
    return sorted(published(root) - built(site))


def main() -> int:
    """Add the new addresses of the built site to the list; remove none."""
    addresses = sorted(published() | built(ROOT / "site"))
    (ROOT / PUBLISHED).write_text("\n".join(addresses) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
