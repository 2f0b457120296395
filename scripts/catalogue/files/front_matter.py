"""The closed models of the pages' front matter; CONTRIBUTING.md says what each key holds."""

import datetime
import itertools
import re
from typing import Annotated, Literal, Self, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Level = Literal["basic", "working", "deep"]
LEVELS = get_args(Level)
LEVEL_NAMES: dict[str, str] = {"basic": "basic", "working": "intermediate", "deep": "advanced"}
"""What readers are shown."""
TO_WRITE = "WRITE: "
"""Begins what `make new` leaves to the author, which a rule of its own asks for."""
ADDRESS = r"https://[a-z0-9.-]+(/[^\s?#]*)?(#[^\s#]+)?"
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
Https = Annotated[str, Field(pattern=HTTPS)]
Proof = Annotated[str, Field(pattern=PROOF)]
Note = Annotated[int, Field(ge=1, le=55)]
Number = Annotated[int, Field(ge=1, le=99_999)]
Version = Annotated[str, Field(pattern=VERSION)]
UNIQUE = {"", "url", "title", "claim", "text"}
"""The keys of sources, corrections and changes that hold another text each time."""
Wording = Annotated[str, Field(pattern=ONE_LINE, min_length=5, max_length=200)]


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
        held = dict(value) if isinstance(value, Closed) else {"": value}
        for key in held.keys() & UNIQUE:
            text = str(held[key]).casefold()
            if (key, text) in met:
                raise Misfit(f"{held[key]} stands there twice: keep one.", number, key)
            met.add((key, text))
    return values


def newest_first(changes: list["Change"]) -> list["Change"]:
    """Refuse changes in another order."""
    for number, (above, change) in enumerate(itertools.pairwise(changes), 1):
        if change.date > above.date:
            fault = f"{change.date} stands below an earlier day: begin with the newest."
            raise Misfit(fault, number)
    return changes


def known(date: datetime.date) -> datetime.date:
    """Refuse a date before the first answer, or one that is still to come, wherever it is latest."""
    last = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)
    if not BEGAN <= date <= last:
        raise ValueError(f"It has to be a day from {BEGAN} to today.")
    return date


def bare(text: str) -> str:
    """Refuse links, bold text and elements outside of code: it is quoted in reviews, and drawn."""
    if found := re.search(r"\]\(|\*\*|__|<\w|https?:|&#?\w+;|`", re.sub(r"`[^`]*`", "", text)):
        raise ValueError(f"Delete the {found[0]!r}: of Markdown it may hold code alone.")
    return text


Line = Annotated[str, Field(pattern=SENTENCES, min_length=14, max_length=400), AfterValidator(bare)]


class Closed(BaseModel):
    """Base of all front-matter models: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(Closed):
    """An official page, a specification or a source file that backs an answer."""

    title: Annotated[str, Field(pattern=TITLE, min_length=5, max_length=200)]
    url: Https

    @model_validator(mode="after")
    def _title_says_where_it_leads(self) -> Self:
        words = re.findall(r"[a-z0-9]{2,}", self.title.casefold())
        address = re.sub(r"[^a-z0-9]", "", self.url.casefold())
        if not any(word[:5] in address for word in words) and TO_WRITE not in self.title:
            raise ValueError(
                "Begin the title with who wrote it and on what: no word of it is in the address."
            )
        return self


class Correction(Closed):
    """A claim that is often made, what is true instead, and what proves it."""

    note: Note | None = None
    """The original note that makes it; none where it is made elsewhere alone."""
    claim: Line
    truth: Line
    proof: Proof
    source: Https | None = None
    notes_only: bool = False
    """Whether it makes sense beside the notes alone: then it stands on the page of their questions."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.claim.casefold() == self.truth.casefold():
            raise ValueError("the truth is the claim: say what is true instead.")
        if self.notes_only and self.note is None:
            raise ValueError(
                "`notes_only` without `note`: name the note, or leave `notes_only` out."
            )
        return self


class Change(Closed):
    """A dated change of meaning."""

    date: Annotated[datetime.date, AfterValidator(known)]
    text: Line


class Answer(Closed):
    """Front matter of an answer."""

    id: Number
    answer: Annotated[
        str, Field(pattern=SENTENCES, min_length=20, max_length=300), AfterValidator(bare)
    ]
    asked_as: Annotated[
        list[Wording], Field(min_length=1, max_length=25), AfterValidator(each_once)
    ]
    level: Level
    name: Annotated[str, Field(pattern=TITLE, min_length=3, max_length=40)] | None = None
    """Its name in the navigation, where the slug makes none that can be read."""
    notes: Annotated[list[Note], AfterValidator(each_once)] = []
    since: dict[Literal["fastapi", "starlette", "pydantic", "uvicorn", "python"], Version] = {}
    related: Annotated[list[int], Field(max_length=20), AfterValidator(each_once)]
    replaced_by: int | None = None
    sources: Annotated[list[Source], Field(min_length=1, max_length=40), AfterValidator(each_once)]
    corrections: Annotated[list[Correction], Field(max_length=15), AfterValidator(each_once)] = []
    changes: Annotated[
        list[Change],
        Field(min_length=1),
        AfterValidator(each_once),
        AfterValidator(newest_first),
    ]

    @property
    def said(self) -> list[Correction]:
        """The corrections of what people really say, which the answer itself shows."""
        return [correction for correction in self.corrections if not correction.notes_only]


class Plain(Closed):
    """Front matter of a page that is no answer."""

    description: Annotated[
        str, Field(pattern=SENTENCES, min_length=40, max_length=300), AfterValidator(bare)
    ]
    hide: Annotated[list[Literal["navigation", "toc", "footer"]], AfterValidator(each_once)] = []


class Topic(Plain):
    """Front matter of a topic's index page."""

    order: Annotated[int, Field(ge=1)]
