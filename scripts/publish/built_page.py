"""A page of the built site as a browser reads it: what is escaped or commented out is no element of it."""

import functools
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

DATA = frozenset({"application/json", "application/ld+json"})  # types of scripts that never run
BLOCKED = frozenset({"base", "embed", "iframe", "object", "style"})
LOADED = frozenset({"icon", "stylesheet"})
LINKS = LOADED | {"alternate", "canonical", "next", "prev", "search"}
# Most elements are the tokens of code, which have a class and nothing else.
TOKEN = re.compile(r'<span class="[\w -]*">')


class BuiltPage:
    """The elements of a page, its inline scripts, and what no page of the site may hold."""

    def __init__(self, html: str) -> None:
        """Read the page."""
        self.html = html

    @functools.cached_property
    def tree(self) -> LexborHTMLParser:
        """The document."""
        return LexborHTMLParser(self.html)

    def css(self, query: str) -> Iterator[LexborNode]:
        """Yield the elements that a selector matches, also those that a template keeps for later."""
        parts: list[LexborHTMLParser | LexborNode] = [self.tree]
        while parts:
            part = parts.pop(0)
            yield from part.css(query)
            parts += part.template_fragments()

    @functools.cached_property
    def scripts(self) -> list[tuple[LexborNode, str]]:
        """The inline scripts that run, each with its text."""
        return [
            (script, script.text())
            for script in self.css("script:not([src])")
            if script.attrs.sget("type").lower() not in DATA
        ]

    @functools.cached_property
    def blocked(self) -> list[tuple[LexborNode, str]]:
        """What no page may hold: each element, and what of it."""
        # A blank for each token: nothing that stood apart may become one.
        if not any(BuiltPage(TOKEN.sub(" ", self.html)).refusals()):
            return []
        return list(self.refusals())

    def refusals(self) -> Iterator[tuple[LexborNode, str]]:
        """Yield each element that no page may hold, and what of it, in the order of the page."""
        for element in self.css("*"):
            for what in refused(element.tag or "", element.attributes):
                yield element, what

    def line_of(self, element: LexborNode) -> int:
        """Return the line, from 1, on which an element begins: the parser forgets it, so it is looked up."""
        tag = element.tag or ""
        number = [one.mem_id for one in self.css(tag)].index(element.mem_id)
        starts = list(re.finditer(rf"<{re.escape(tag)}(?![\w-])", self.html, re.IGNORECASE))
        return self.html.count("\n", 0, starts[number].start()) + 1 if len(starts) > number else 1


def refused(tag: str, attributes: dict[str, str | None]) -> Iterator[str]:
    """Yield what of an element the security policy blocks, or what it could leak by."""
    if tag in BLOCKED:
        yield f"<{tag}>"
    if tag == "link":
        relation, address = (attributes.get(name) or "" for name in ("rel", "href"))
        if relation.strip() not in LINKS or (
            relation.strip() in LOADED and urlsplit(address).netloc
        ):
            yield f'<link rel="{relation.strip()}" href="{address}">'
    if tag == "script" and urlsplit(attributes.get("src") or "").netloc:
        yield f'<script src="{attributes["src"]}">'
    for name, value in attributes.items():
        runs = value and re.sub(r"[\0- ]", "", value).lower().startswith("javascript:")
        if runs or name == "style" or name.startswith("on"):
            yield f'<{tag} {name}="{value or ""}">'
