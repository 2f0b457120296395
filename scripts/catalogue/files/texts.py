"""What texts, addresses, dates and lists the front matter may hold."""

import datetime
import itertools
import re
from typing import Any, TypeVar

from pydantic import BaseModel

TO_WRITE = "WRITE: "
"""Begins what `make new` leaves to the author, which a rule of its own asks for."""
ADDRESS = r"https://[a-z0-9.-]+(/[^\s?#]*)?(#[^\s#]*[^\s#.,;:\]>'\"])?"
HTTPS = rf"^{ADDRESS}$"
PROOF = rf"^(snippets/\S+/test_\w+\.py::test_\w+|{ADDRESS})$"
ONE_LINE = r"^\S([^\n]*\S)?$"
SMALL = "async|asyncio|await|bcrypt|def|mypy|nginx|passlib|pip|pytest|uv|uvloop|yield"
"""What begins a sentence in small letters."""
SENTENCES = rf"^{TO_WRITE}|^([^\sa-z]|({SMALL})\b|[a-z]+[._=-])[^\n]*[.`]$"
TITLE = r"^[^\s\[\]<>]([^\n\[\]<>]*[^\s\[\]<>])?$"
BEGAN = datetime.date(2026, 11, 24)
T = TypeVar("T")
VERSION = r"^\d+\.\d+(\.\d+)?$"
PATTERNS = {
    HTTPS: "Give an https address, without a port, a query or an empty end.",
    PROOF: "Name a test, snippets/<topic>/<slug>/test_<slug>.py::test_<claim>, or an https address.",
    ONE_LINE: "Write it on one line, without blanks around it.",
    SENTENCES: "Write it on one line, from a capital letter to a full stop, without blanks around it.",
    TITLE: "Write it on one line, without brackets: it becomes the text of a link.",
    VERSION: 'Give a version, like "0.118.0".',
}
"""What to do about a text that does not match a pattern."""
UNIQUE = {"", "url", "title", "claim", "truth", "text"}
"""The keys of sources, corrections and changes that hold another text each time."""


class Misfit(ValueError):
    """What does not fit the rest of a list, and where in it that stands."""

    def __init__(self, fault: str, *at: int | str) -> None:
        """Keep the place."""
        self.at = at
        super().__init__(fault)


def each_once(values: list[T]) -> list[T]:
    """Refuse a list that holds something twice, whatever the case; of its models, one text twice."""
    met = set()
    for number, value in enumerate(values):
        held = dict(value) if isinstance(value, BaseModel) else {"": value}
        for key in held.keys() & UNIQUE:
            text = str(held[key]).casefold().rstrip("/")
            if (key, text) in met:
                raise Misfit(f"{held[key]} stands there twice: keep one.", number, key)
            met.add((key, text))
    return values


def newest_first(changes: list[Any]) -> list[Any]:
    """Refuse changes in another order, and a list that does not end with the first version."""
    for number, (above, change) in enumerate(itertools.pairwise(changes), 1):
        if change.date > above.date:
            fault = f"{change.date} stands below an earlier day: begin with the newest."
            raise Misfit(fault, number)
    if not changes[-1].text.startswith("First version."):
        raise Misfit("The last of the list is “First version.”: add to it above.", len(changes) - 1)
    return changes


def known(date: datetime.date) -> datetime.date:
    """Refuse a date before the first answer, or one that is still to come, wherever it is latest."""
    last = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)
    if not BEGAN <= date <= last:
        raise ValueError(f"It has to be a day from {BEGAN} to today.")
    return date


def typed(wording: str) -> str:
    """Refuse what nobody types into a search: Markdown, and plain words of which one comes thrice."""
    words = re.findall(r"\w{4,}", wording.casefold())
    often = [word for word in words if words.count(word) > 2]
    if found := re.search(r"\*\*\w|\]\(http|\]\(\S+\.md|^#+ |<\w+>.*</", wording):
        raise ValueError(f"Delete the {found[0]!r}: write it as people type it.")
    if often and re.fullmatch(r"[\w\s,.?`-]+", wording):
        raise ValueError(f"{often[0]} stands there too often: write it as people type it.")
    return wording


def bare(text: str) -> str:
    """Refuse links, bold text and elements outside of code: it is quoted in reviews, and drawn."""
    if found := re.search(r"\]\(|\*\*|__|<\w|https?:|&#?\w+;|`", re.sub(r"`[^`]*`", "", text)):
        raise ValueError(f"Delete the {found[0]!r}: of Markdown it may hold code alone.")
    return text
