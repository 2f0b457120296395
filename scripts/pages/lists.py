"""Lists that help to browse: most linked answers, newest changes, and which versions an answer needs."""

import re
from collections import Counter
from posixpath import dirname, join, normpath

from scripts.catalogue.answers import AnswerPage, Catalogue
from scripts.catalogue.files.front_matter import Change
from scripts.project import ROOT

PRODUCTS = {
    "fastapi": "FastAPI",
    "starlette": "Starlette",
    "pydantic": "Pydantic",
    "uvicorn": "Uvicorn",
    "python": "Python",
}
ANY_VERSION = "any version"
LINK = re.compile(r"\]\(([^)#\s]+\.md)")


def links(catalogue: Catalogue, page: AnswerPage) -> set[int]:
    """Return the numbers of the answers that ``page`` leads to, by ``related`` or by a link in its text."""
    numbers = {answer.source: number for number, answer in catalogue.living.items()}
    text = (ROOT / page.file).read_text(encoding="utf-8")
    sources = {normpath(join(dirname(page.source), target)) for target in LINK.findall(text)}
    linked = {numbers[source] for source in sources if source in numbers}
    return {*linked, *page.meta.related} - {page.meta.id}


def most_linked(catalogue: Catalogue, length: int) -> list[tuple[AnswerPage, int]]:
    """Return the answers that most other answers lead to, each with how many do, the most linked first."""
    counts = Counter(n for page in catalogue.living.values() for n in links(catalogue, page))
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(catalogue.answers[number], count) for number, count in ranked[:length]]


def newest(catalogue: Catalogue, length: int) -> list[tuple[AnswerPage, Change]]:
    """Return the answers that changed last, each with the newest change of its meaning.

    Of the changes of one day those to older text come before first versions, then the higher number.
    """
    changes = [
        (page, max(page.meta.changes, key=lambda c: c.date), min(c.date for c in page.meta.changes))
        for page in catalogue.living.values()
    ]
    changes.sort(
        key=lambda item: (item[1].date, item[1].date > item[2], item[0].meta.id), reverse=True
    )
    return [(page, change) for page, change, _ in changes[:length]]


def floors(catalogue: Catalogue, page: AnswerPage) -> list[str]:
    """Return what the filter of all answers finds ``page`` by, as to versions.

    The advice of an answer that needs FastAPI 0.121.0 fits nobody who has an older one: it is found as
    needing "FastAPI 0.118.0 or newer" too, so that a reader can ask what to be careful with.
    """
    found = [
        f"{PRODUCTS[package]} {floor} or newer"
        for package, version in page.meta.since.items()
        for floor in {
            other.meta.since.get(package, version) for other in catalogue.answers.values()
        }
        if numeric(floor) <= numeric(version)
    ]
    return sorted(found) or [ANY_VERSION]


def numeric(version: str) -> tuple[int, ...]:
    """Return a version, such as ``0.121.0``, as numbers that compare as versions do."""
    return tuple(int(part) for part in version.split("."))
