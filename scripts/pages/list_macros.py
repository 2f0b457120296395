"""Macros of the pages that help to browse: the home page, all answers, the learning paths."""

import functools
from collections.abc import Callable
from typing import Annotated, Any, Literal

from jinja2 import Environment
from pydantic import Field

from scripts.catalogue.answers import AnswerPage, Catalogue
from scripts.pages.counts import counts
from scripts.pages.lists import floors, most_linked, newest
from scripts.pages.reading_time import minutes

Counted = Literal["topics", "answers", "corrections", "tests", "findings", "findings for a reader"]
Length = Annotated[int, Field(ge=1, le=30)]


def duration(total: int) -> str:
    """Return minutes as text: ``48 min``, ``2 h``, ``2 h 5 min``."""
    hours, rest = divmod(total, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest or not hours)
    return " ".join(parts)


def browsing_macros(
    catalogue: Catalogue, templates: Environment, render: Callable[..., str]
) -> list[Callable[..., Any]]:
    """Return the macros; ``render`` fills a template of ``templates``, which get what lists need."""
    numbers = functools.cache(lambda: counts(catalogue))
    minutes_of = functools.cache(lambda number: minutes(catalogue.answers[number]))

    def time(*pages: AnswerPage) -> str:
        return duration(sum(minutes_of(page.meta.id) for page in pages))

    def needs(page: AnswerPage) -> str:
        return "|".join(floors(catalogue, page))

    templates.globals.update(time=time, needs=needs)

    def count(what: Counted) -> str:
        """Number of ``answers``, ``tests`` … of the site."""
        return f"{numbers()[what]:,}"

    def topics() -> str:
        """All topics with the number of their answers."""
        return render("topics.md.jinja")

    def linked_most(length: Length) -> str:
        """The ``length`` answers that most other answers lead to."""
        return render("linked_most.md.jinja", ranked=most_linked(catalogue, length))

    def changed_last(length: Length) -> str:
        """The ``length`` newest changes of meaning."""
        return render("changed_last.md.jinja", changes=newest(catalogue, length))

    def all_answers() -> str:
        """All answers by topic, which docs/assets/filter.js filters."""
        return render("all_answers.md.jinja")

    def path(ids: Annotated[list[int], Field(min_length=2)]) -> str:
        """The answers with these numbers in this order, with the time to read each and all."""
        if unknown := [number for number in ids if number not in catalogue.living]:
            raise ValueError(f"path: no answer has the number {unknown[0]}. Name ids of answers.")
        return render("path.md.jinja", pages=[catalogue.answers[number] for number in ids])

    return [count, topics, linked_most, changed_last, all_answers, path]
