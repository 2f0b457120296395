"""The pages of the site: their addresses as the sources give them, and what a built page holds.

The pages are listed from ``docs/`` and not from the built site, so that the tests can be collected
without a build, and so that a page that the build loses is missed.
"""

import functools
import gzip
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from scripts.catalogue.answers import Page
from scripts.project import ROOT

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


class PageParser(HTMLParser):
    """Collect a ``BuiltPage``."""

    def __init__(self) -> None:
        """Start with an empty page."""
        super().__init__()
        self.page = BuiltPage()
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect ids, references and metadata of one element."""
        values = {name: value or "" for name, value in attrs}
        page = self.page
        page.ids |= {values[name] for name in ("id", "name") if values.get(name)}
        page.references += [values[name] for name in ("href", "src") if name in values]
        for candidate in values.get("srcset", "").split(","):
            page.references += candidate.split()[:1]
        if tag == "pre":
            page.blocks += 1
        elif tag == "a":
            page.links.append(values.get("href", ""))
        elif tag == "link" and values.get("rel") == "canonical":
            page.canonical = values.get("href", "")
        elif tag == "meta":
            for name in ("property", "name", "http-equiv"):
                if name in values:
                    page.meta[values[name]] = values.get("content", "")
        elif tag in ("head", "script", "style"):
            self.hidden += 1

    def handle_endtag(self, tag: str) -> None:
        """Leave an element whose text is not shown."""
        if tag in ("head", "script", "style"):
            self.hidden -= 1

    def handle_data(self, data: str) -> None:
        """Collect text that is shown."""
        if not self.hidden:
            self.page.text += data


@functools.cache
def built_page(path: Path) -> BuiltPage:
    """Parse a page of the built site."""
    parser = PageParser()
    parser.feed(path.read_text(encoding="utf-8"))
    parser.close()
    return parser.page


def plain(markdown: str) -> str:
    """Return the words of inline Markdown as a page shows them, with single blanks.

    Links and emphasis count as Markdown only outside code.
    """
    parts = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", markdown).split("`")
    for index, part in enumerate(parts[::2]):
        parts[2 * index] = re.sub(r"\*{1,2}([^\s*][^*]*)\*{1,2}", r"\1", part)
    return " ".join("".join(parts).split())
