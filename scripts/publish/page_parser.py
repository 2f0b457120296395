"""What a built page would load or run: its inline scripts, and what no page of the site may hold."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

DATA = frozenset({"application/json", "application/ld+json"})  # types of scripts that never run
BLOCKED = frozenset({"base", "embed", "iframe", "object", "style"})
LOADED = frozenset({"icon", "stylesheet"})
LINKS = LOADED | {"alternate", "canonical", "next", "prev", "search"}


class PageParser(HTMLParser):
    """Collect the inline scripts of a page and what the policy would block, each with its line."""

    def __init__(self, html: str) -> None:
        """Read the whole page."""
        super().__init__()
        self.html = html
        self.scripts: list[tuple[int, str]] = []
        self.blocked: list[tuple[int, str]] = []
        self.in_script = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an inline script, or what is blocked."""
        line = self.getpos()[0]
        values = {name: value or "" for name, value in attrs}
        if tag == "script" and "src" not in values and values.get("type", "").lower() not in DATA:
            self.in_script = True
            self.scripts.append((line, ""))
        if tag in BLOCKED:
            self.blocked.append((line, f"<{tag}>"))
        if tag == "link":
            relation, address = values.get("rel", "").strip(), values.get("href", "")
            if relation not in LINKS or (relation in LOADED and urlsplit(address).netloc):
                self.blocked.append((line, f'<link rel="{relation}" href="{address}">'))
        if tag == "script" and urlsplit(values.get("src", "")).netloc:
            self.blocked.append((line, f'<script src="{values["src"]}">'))
        for name, value in values.items():
            runs = re.sub(r"[\0- ]", "", value).lower().startswith("javascript:")
            if runs or name == "style" or name.startswith("on"):
                self.blocked.append((line, f'<{tag} {name}="{value}">'))

    def handle_data(self, data: str) -> None:
        """Collect the text of an inline script."""
        if self.in_script:
            line, text = self.scripts[-1]
            self.scripts[-1] = (line, text + data)

    def handle_endtag(self, tag: str) -> None:
        """Leave a script."""
        if tag == "script":
            self.in_script = False
