"""The pages of the site: their addresses as the sources give them, and what a built page holds.

The pages are listed from ``docs/`` and not from the built site, so that the tests can be collected
without a build, and so that a page that the build loses is missed.
"""

import functools
import gzip
import re
from dataclasses import dataclass, field
from pathlib import Path

from scripts.catalogue.answers import Page
from scripts.project import ROOT
from scripts.publish import built_page as reader

GZIPPED = {".css", ".html", ".js", ".json", ".md", ".svg", ".txt", ".xml"}


@dataclass(frozen=True)
class SitePage:
    """A page of the site and the Markdown file that it is made from."""

    source: str
    """Path below the root, for example ``docs/concurrency/await.md``, or ``404.html``."""

    @property
    def address(self) -> str:
        """Address below the site's root; that of the home page is empty."""
        if not self.source.endswith(".md"):
            return self.source
        return Page(self.source, "").address.lstrip("/")

    @property
    def is_answer(self) -> bool:
        """Tell an answer from topics and other pages by its place: ``docs/<topic>/<slug>.md``."""
        return bool(re.fullmatch(r"docs/[^/]+/(?!index\.md)[^/]+", self.source))

    @property
    def slug(self) -> str:
        """Short name for test ids."""
        return self.address.rstrip("/").replace("/", "-") or "home"


PAGES = [SitePage(path.relative_to(ROOT).as_posix()) for path in sorted(ROOT.glob("docs/**/*.md"))]
ANSWERS = [page for page in PAGES if page.is_answer]
ALL_PAGES = [*PAGES, SitePage("404.html")]  # which has no source of its own


def file_of(site: Path, address: str) -> Path | None:
    """Return the file that GitHub Pages serves for ``address``, or ``None`` where there is none."""
    path = site / address
    if not address or address.endswith("/"):
        path /= "index.html"
    inside = path.resolve().is_relative_to(site.resolve())
    return path if inside and path.is_file() else None


@functools.cache
def sent(path: Path) -> bytes:
    """Return the bytes that cross the wire for a file: text is gzipped, as on GitHub Pages."""
    content = path.read_bytes()
    if path.suffix in GZIPPED:
        return gzip.compress(content, compresslevel=6, mtime=0)
    return content


@dataclass
class BuiltPage:
    """What the checks compare of one built page."""

    references: list[str] = field(default_factory=list)
    """Targets of links, images, scripts and stylesheets, as they stand in the page."""
    ids: set[str] = field(default_factory=set)
    blocks: int = 0
    """Number of ``<pre>`` elements."""
    meta: dict[str, str] = field(default_factory=dict)
    """Contents of ``<meta>`` by their property, name or http-equiv."""
    canonical: str = ""
    links: list[str] = field(default_factory=list)
    """Targets of ``<a>`` alone."""
    text: str = ""
    """The text of the body, without scripts and styles."""


@functools.cache
def built_page(path: Path) -> BuiltPage:
    """Read a page of the built site."""
    source, page = reader.BuiltPage(path.read_text(encoding="utf-8")), BuiltPage()
    for element in source.css("*"):
        values = {name: value or "" for name, value in element.attributes.items()}
        page.ids |= {values[name] for name in ("id", "name") if values.get(name)}
        page.references += [values[name] for name in ("href", "src") if name in values]
        for candidate in values.get("srcset", "").split(","):
            page.references += candidate.split()[:1]
        if element.tag == "pre":
            page.blocks += 1
        elif element.tag == "a":
            page.links.append(values.get("href", ""))
        elif element.tag == "link" and values.get("rel") == "canonical":
            page.canonical = values.get("href", "")
        elif element.tag == "meta":
            for name in ("property", "name", "http-equiv"):
                if name in values:
                    page.meta[values[name]] = values.get("content", "")
    source.tree.strip_tags(["script", "style"], recursive=True)
    page.text = source.tree.text()
    return page


def plain(markdown: str) -> str:
    """Return the words of inline Markdown as a page shows them, with single blanks.

    Links and emphasis count as Markdown only outside code.
    """
    parts = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", markdown).split("`")
    for index, part in enumerate(parts[::2]):
        parts[2 * index] = re.sub(r"\*{1,2}([^\s*][^*]*)\*{1,2}", r"\1", part)
    return " ".join("".join(parts).split())
