"""The closed models of the pages' front matter; CONTRIBUTING.md says what each key holds."""

import datetime
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Level = Literal["basic", "working", "deep"]
LEVELS = get_args(Level)
LEVEL_NAMES: dict[str, str] = {"basic": "basic", "working": "intermediate", "deep": "advanced"}
"""What readers are shown."""
HTTPS = r"^https://\S+$"
PROOF = r"^(snippets/\S+/test_\w+\.py::test_\w+|https://\S+)$"
ONE_LINE = r"^[^\n]+$"
VERSION = r"^\d+\.\d+(\.\d+)?$"
PATTERNS = {
    HTTPS: "Give an https address.",
    PROOF: "Name a test, snippets/<topic>/<slug>/test_<slug>.py::test_<claim>, or an https address.",
    ONE_LINE: "Write it on one line.",
    VERSION: 'Give a version, like "0.118.0".',
}
"""What to do about a text that does not match a pattern."""
Https = Annotated[str, Field(pattern=HTTPS)]
Proof = Annotated[str, Field(pattern=PROOF)]
Note = Annotated[int, Field(ge=1, le=55)]
Text = Annotated[str, Field(min_length=1)]
Version = Annotated[str, Field(pattern=VERSION)]
Line = Annotated[str, Field(pattern=ONE_LINE)]


class Closed(BaseModel):
    """Base of all front-matter models: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(Closed):
    """An official page, a specification or a source file that backs an answer."""

    title: Line
    url: Https


class Correction(Closed):
    """A claim of the original notes, what is true instead, and what proves it."""

    note: Note
    claim: Line
    truth: Text
    proof: Proof
    source: Https | None = None
    notes_only: bool = False
    """Whether it makes sense beside the notes alone: then it stands on the page of their questions."""


class Change(Closed):
    """A dated change of meaning."""

    date: datetime.date
    text: Line


class Answer(Closed):
    """Front matter of an answer."""

    id: Annotated[int, Field(ge=1)]
    answer: Annotated[str, Field(min_length=20, max_length=300, pattern=ONE_LINE)]
    asked_as: Annotated[list[Line], Field(min_length=1)]
    level: Level
    name: Line | None = None
    """Its name in the navigation, where the slug makes none that can be read."""
    notes: list[Note] = []
    since: dict[Literal["fastapi", "starlette", "pydantic", "uvicorn", "python"], Version] = {}
    related: list[int]
    replaced_by: int | None = None
    sources: Annotated[list[Source], Field(min_length=1)]
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
