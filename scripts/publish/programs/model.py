"""What ``answers.json`` holds. A promise to programs: fields are added, never renamed, removed or retyped.

The descriptions are the documentation: they stand in ``answers.schema.json``.
"""

import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, HttpUrl
from pydantic.json_schema import SkipJsonSchema

from scripts.catalogue.files.front_matter import Level
from scripts.catalogue.finding import Severity

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Exported(BaseModel):
    """Base of the models: every field is always there, and there are no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ExportedSource(Exported):
    """What backs an answer."""

    title: str = Field(description="Title, in plain text")
    url: HttpUrl = Field(description="Address of the page, specification or source file")


class ExportedCorrection(Exported):
    """A claim that is often made, and wrong."""

    note: int | SkipJsonSchema[None] = Field(
        default_factory=lambda: None,
        exclude_if=lambda note: note is None,
        description="Number of the original note that makes the claim; left out where none does",
    )
    claim: str = Field(description="The claim, in the words of this site, as Markdown")
    truth: str = Field(description="What is true instead, as Markdown")
    test: str | None = Field(description="The pytest node id that proves it, below the repository")
    test_url: HttpUrl | None = Field(description="Address of that test, where known")
    sources: list[HttpUrl] = Field(description="Addresses that back it")


class ExportedChange(Exported):
    """A dated change of meaning."""

    date: datetime.date = Field(description="Day of the change")
    text: str = Field(description="What changed, in one line of Markdown")


class Checked(Exported):
    """On what an answer was checked."""

    date: datetime.date = Field(description="Day of the last check; of the lock for newer code")
    versions: dict[str, str] = Field(description="Versions that its tests ran on, by package")


class ExportedAnswer(Exported):
    """One answer, without its explanation, which stands in the Markdown version."""

    id: int = Field(description="The permanent number: the identity of the answer")
    question: str = Field(description="The question, in plain text")
    answer: str = Field(description="The short answer: one line of Markdown")
    url: HttpUrl = Field(description="Address of the page")
    short_url: HttpUrl = Field(description="Permanent short link, which leads to the page")
    markdown_url: HttpUrl = Field(description="Permanent address of the Markdown version")
    topic: str = Field(description="The topic, as in `topics[].slug`")
    level: Level = Field(description="How deep it goes")
    asked_as: list[str] = Field(description="Other wordings, in plain text")
    since: dict[str, str] = Field(
        description="First version that the advice needs, by package; empty where any version will do"
    )
    notes: list[int] = Field(description="Numbers of the original notes that it answers")
    related: list[int] = Field(description="Numbers of answers to read next")
    replaced_by: int | None = Field(
        description="Number of the answer to read instead, where this one is retired"
    )
    sources: list[ExportedSource] = Field(description="What backs it, besides the tests")
    corrections: list[ExportedCorrection] = Field(description="Claims that it refutes")
    changes: list[ExportedChange] = Field(description="Changes of meaning, as the page lists them")
    programs: list[HttpUrl] = Field(
        description="Addresses of the whole programs that it shows parts of, as plain text"
    )
    created: datetime.date = Field(description="Day of the first version")
    updated: datetime.date = Field(description="Day of the newest change of meaning")
    checked: Checked = Field(description="What it was checked on")


class ExportedFinding(Exported):
    """What a reviewer flags, as an answer shows it under *In review*."""

    id: str = Field(description="The permanent name: number of the answer and anchor, `7/#anchor`")
    answer: int = Field(description="Number of its answer")
    anchor: str = Field(description="Anchor on the page of the answer")
    url: HttpUrl = Field(description="Permanent link, which leads to the finding")
    title: str = Field(description="Title, in plain text")
    severity: Severity = Field(description="What it leads to")
    sentence: str = Field(description="The sentence to paste, as Markdown with absolute links")
    wrong: str = Field(description="The code to flag")
    flag: str = Field(description="The one line of it that shows the fault")
    right: str = Field(description="The code to ask for")
    language: str = Field(description="Language of the right code")
    rule: str | None = Field(description="Name of the rule of `rules.yml` that finds it, if any")
    check: str | None = Field(
        description="Check of another program that finds it, such as `ruff:ASYNC251`, if any"
    )


class ExportedTopic(Exported):
    """A topic: navigation, which may change."""

    slug: str = Field(description="Name in addresses")
    title: str = Field(description="Title, in plain text")
    description: str = Field(description="What it is about, in one sentence")
    url: HttpUrl = Field(description="Address of the page")
    answers: list[int] = Field(description="Numbers of its answers, in reading order")


class Export(Exported):
    """All answers: the content of ``answers.json``."""

    schema_url: HttpUrl = Field(
        serialization_alias="$schema", description="Address of the JSON Schema of this file"
    )
    site: HttpUrl = Field(description="Address of the site")
    licence: str = Field(description="Licence of text and code, as an SPDX identifier")
    topics: list[ExportedTopic] = Field(description="All topics, in reading order")
    answers: list[ExportedAnswer] = Field(
        description="All answers, in reading order, then the retired ones"
    )
    findings: list[ExportedFinding] = Field(
        description="The findings for reviews of all answers, in reading order"
    )


def schema(address: str) -> dict[str, Any]:
    """Return the JSON Schema of ``answers.json``, to be published at ``address``."""
    return {"$schema": DIALECT, "$id": address} | Export.model_json_schema(mode="serialization")
