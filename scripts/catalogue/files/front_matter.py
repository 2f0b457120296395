"""The closed models of the pages' front matter; CONTRIBUTING.md says what each key holds."""

import datetime
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from scripts.catalogue.files.texts import (
    HTTPS,
    ONE_LINE,
    PROOF,
    SENTENCES,
    TITLE,
    VERSION,
    bare,
    each_once,
    known,
    newest_first,
    typed,
)

Level = Literal["basic", "working", "deep"]
LEVELS = get_args(Level)
LEVEL_NAMES: dict[str, str] = {"basic": "basic", "working": "intermediate", "deep": "advanced"}
"""What readers are shown."""
Https = Annotated[str, Field(pattern=HTTPS)]
Proof = Annotated[str, Field(pattern=PROOF)]
Note = Annotated[int, Field(ge=1, le=55)]
Number = Annotated[int, Field(ge=1, le=99_999)]
Version = Annotated[str, Field(pattern=VERSION)]
Wording = Annotated[
    str, Field(pattern=ONE_LINE, min_length=5, max_length=200), AfterValidator(typed)
]
Line = Annotated[str, Field(pattern=SENTENCES, min_length=14, max_length=400), AfterValidator(bare)]


class Closed(BaseModel):
    """Base of all front-matter models: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Source(Closed):
    """An official page, a specification or a source file that backs an answer."""

    title: Annotated[str, Field(pattern=TITLE, min_length=5, max_length=200)]
    url: Https


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
