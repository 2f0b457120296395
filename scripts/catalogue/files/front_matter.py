"""The closed models of the pages' front matter; CONTRIBUTING.md says what each key holds."""

import datetime
import re
from typing import Annotated, Literal, Self, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Level = Literal["basic", "working", "deep"]
LEVELS = get_args(Level)
LEVEL_NAMES: dict[str, str] = {"basic": "basic", "working": "intermediate", "deep": "advanced"}
"""What readers are shown."""
HTTPS = r"^https://\S+$"
PROOF = r"^(snippets/\S+/test_\w+\.py::test_\w+|https://\S+)$"
ONE_LINE = r"^[^\n]+$"
TITLE = r"^[^\n\[\]<>]+$"
BEGAN = datetime.date(2026, 11, 24)
T = TypeVar("T")
VERSION = r"^\d+\.\d+(\.\d+)?$"
PATTERNS = {
    HTTPS: "Give an https address.",
    PROOF: "Name a test, snippets/<topic>/<slug>/test_<slug>.py::test_<claim>, or an https address.",
    ONE_LINE: "Write it on one line.",
    TITLE: "Write it on one line, without brackets: it becomes the text of a link.",
    VERSION: 'Give a version, like "0.118.0".',
}
"""What to do about a text that does not match a pattern."""
Https = Annotated[str, Field(pattern=HTTPS)]
Proof = Annotated[str, Field(pattern=PROOF)]
Note = Annotated[int, Field(ge=1, le=55)]
Number = Annotated[int, Field(ge=1, le=99_999)]
Text = Annotated[str, Field(min_length=1, max_length=600)]
Version = Annotated[str, Field(pattern=VERSION)]
Line = Annotated[str, Field(pattern=ONE_LINE, max_length=400)]
Wording = Annotated[str, Field(pattern=ONE_LINE, max_length=200)]


def each_once(values: list[T]) -> list[T]:
    """Refuse a list that holds something twice; a source is its address."""
    keys = [value.url if isinstance(value, Source) else value for value in values]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ValueError(f"{twice} stands there twice: keep one.")
    return values


def known(date: datetime.date) -> datetime.date:
    """Refuse a date before the first answer, or one that is still to come, wherever it is latest."""
    last = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)
    if not BEGAN <= date <= last:
        raise ValueError(f"It has to be a day from {BEGAN} to today.")
    return date


def bare(text: str) -> str:
    """Refuse links, bold text and elements outside of code: it is quoted in reviews, and drawn."""
    if found := re.search(r"\]\(|\*\*|__|<\w", re.sub(r"`[^`]*`", "", text)):
        raise ValueError(f"Delete the {found[0]!r}: of Markdown it may hold code alone.")
    return text


class Closed(BaseModel):
    """Base of all front-matter models: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(Closed):
    """An official page, a specification or a source file that backs an answer."""

    title: Annotated[str, Field(pattern=TITLE, max_length=200)]
    url: Https


class Correction(Closed):
    """A claim that is often made, what is true instead, and what proves it."""

    note: Note | None = None
    """The original note that makes it; none where it is made elsewhere alone."""
    claim: Line
    truth: Text
    proof: Proof
    source: Https | None = None
    notes_only: bool = False
    """Whether it makes sense beside the notes alone: then it stands on the page of their questions."""

    @model_validator(mode="after")
    def _stands_somewhere(self) -> Self:
        if self.notes_only and self.note is None:
            raise ValueError(
                "`notes_only` without `note`: name the note, or leave `notes_only` out"
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
        str, Field(min_length=20, max_length=300, pattern=ONE_LINE), AfterValidator(bare)
    ]
    asked_as: Annotated[list[Wording], Field(min_length=1), AfterValidator(each_once)]
    level: Level
    name: Line | None = None
    """Its name in the navigation, where the slug makes none that can be read."""
    notes: Annotated[list[Note], AfterValidator(each_once)] = []
    since: dict[Literal["fastapi", "starlette", "pydantic", "uvicorn", "python"], Version] = {}
    related: Annotated[list[int], AfterValidator(each_once)]
    replaced_by: int | None = None
    sources: Annotated[list[Source], Field(min_length=1), AfterValidator(each_once)]
    corrections: list[Correction] = []
    changes: Annotated[list[Change], Field(min_length=1)]

    @property
    def said(self) -> list[Correction]:
        """The corrections of what people really say, which the answer itself shows."""
        return [correction for correction in self.corrections if not correction.notes_only]


class Plain(Closed):
    """Front matter of a page that is no answer."""

    description: Annotated[str, Field(max_length=300)]
    hide: list[Literal["navigation", "toc", "footer"]] = []


class Topic(Plain):
    """Front matter of a topic's index page."""

    order: Annotated[int, Field(ge=1)]
