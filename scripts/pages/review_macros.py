"""What can be copied for a review, and the reviewer's desk: made from the findings of all answers."""

import functools
import keyword
import re
from collections.abc import Callable
from posixpath import dirname, join, normpath

from jinja2 import Environment

from scripts.catalogue.answers import AnswerPage, Catalogue, Page
from scripts.catalogue.files.tables import read_rows
from scripts.catalogue.finding import SEVERITIES, Finding
from scripts.catalogue.findings import all_findings
from scripts.project import ROOT
from scripts.rules.read_rules import finders

LINK = re.compile(r"\]\((?!https?:)(?P<path>[^)#\s]*)(?P<anchor>#[^)\s]*)?\)")
SYNONYMS = "data/synonyms.tsv"
SITE = "site:"
"""Stands for the address of the site, which only the reader's browser knows (docs/assets/answers.js)."""
PROGRAMS = {"ruff": "by Ruff", "mypy": "by mypy"}
WORD = re.compile(r"\w{3,}")


def relinked(markdown: str, page: Page, target: Callable[[str], str]) -> str:
    """Return ``markdown``, a line of ``page``, with its links to pages of the site led elsewhere.

    ``target`` gets the path of a linked page below ``docs`` and returns what to link instead.
    """

    def replace(match: re.Match[str]) -> str:
        path = normpath(join(dirname(page.source), match["path"])) if match["path"] else page.source
        return f"]({target(path)}{match['anchor'] or ''})"

    parts = markdown.split("`")  # in code it would be no link
    parts[::2] = [LINK.sub(replace, part) for part in parts[::2]]
    return "`".join(parts)


def short_links(catalogue: Catalogue, site: str) -> Callable[[str], str]:
    """Return what leads from the path of a page below ``docs`` to its permanent address below ``site``."""
    numbers = {page.source: number for number, page in catalogue.answers.items()}
    return lambda source: (
        f"{site}{numbers.get(source) or Page(f'docs/{source}', '').address.rstrip('/')}/"
    )


def further_words(finding: Finding) -> str:
    """Return the names of the wrong code that its entry on the desk does not show, to be filtered by."""
    shown = " ".join([finding.title, finding.flag, finding.sentence])
    known = {*keyword.kwlist, *(word.lower() for word in WORD.findall(shown))}
    words = (word.lower() for word in WORD.findall(finding.wrong))
    names = list(dict.fromkeys(word for word in words if word not in known))
    return " ".join([*names, *also_called(f"{shown} {' '.join(names)}".lower())])


def also_called(text: str) -> list[str]:
    """Return the words by which the search also finds what ``text`` says (``data/synonyms.tsv``)."""
    said = set(re.findall(r"[\w-]+", text))
    return [
        word
        for word, others in synonyms().items()
        if word not in text and said & set(others.split())
    ]


@functools.cache
def synonyms() -> dict[str, str]:
    """Return what else a word of a search stands for."""
    return {row.cells[0]: row.cells[1] for row in read_rows(ROOT, SYNONYMS, columns=2)}


def review_macros(
    catalogue: Catalogue, templates: Environment, render: Callable[..., str]
) -> list[Callable[..., str]]:
    """Return the macros, which ``render`` templates; adds to ``templates`` what those use."""
    findings = functools.cache(lambda: all_findings(catalogue))
    short, found_by = short_links(catalogue, SITE), functools.cache(finders)

    def for_review(page: AnswerPage) -> str:
        """Markdown to paste: the short answer, with its link."""
        return f"{page.meta.answer} ([{page.title}]({SITE}{page.meta.id}/))"

    def finding_for_review(finding: Finding) -> str:
        """Markdown to paste: the sentence of a finding, with its link."""
        sentence = relinked(finding.sentence, finding.page, short)
        return f"{sentence} ([{finding.title}]({SITE}{finding.address}))"

    def findings_for_review(page: AnswerPage) -> dict[str, str]:
        """Markdown to paste for each finding of ``page``, by its anchor."""
        return {f.anchor: finding_for_review(f) for f in findings()[page.meta.id]}

    def sentence(finding: Finding) -> str:
        """The sentence to paste, as a page directly below ``docs`` shows it."""
        return relinked(finding.sentence, finding.page, lambda source: source)

    def finder(finding: Finding) -> str:
        """What finds it: the name of a rule or of a check; nothing where it takes a reader."""
        return found_by().get(finding.address, "")

    def kind_of_finder(finding: Finding) -> str:
        """What finds it, as the desk filters by it."""
        program = finder(finding).partition(":")[0]
        return PROGRAMS.get(program, "by a rule" if program else "by reading")

    def found(page: AnswerPage) -> list[tuple[Finding, str]]:
        """The findings of ``page`` that a program finds, each with what finds it."""
        return [(f, finder(f)) for f in findings()[page.meta.id] if finder(f)]

    templates.globals.update(
        finder=finder,
        kind_of_finder=kind_of_finder,
        found=found,
        for_review=for_review,
        finding_for_review=finding_for_review,
        findings_for_review=findings_for_review,
        sentence=sentence,
        further_words=further_words,
        severities=SEVERITIES,
    )

    def reviews() -> str:
        """All findings by topic, each with its telling line, the sentence to paste and the short link."""
        return render("reviews.md.jinja", findings=findings())

    def example(number: int, anchor: str) -> str:
        """An answer at work: its question and short answer, and the code of one of its findings."""
        found = next((f for f in findings().get(number, ()) if f.anchor == anchor), None)
        if found is None:
            raise LookupError(f"answer {number} has no finding #{anchor}")
        return render("example.md.jinja", page=catalogue.answers[number], finding=found)

    return [reviews, example]
