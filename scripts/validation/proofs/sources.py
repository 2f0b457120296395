"""What backs an answer: sources of listed hosts under their makers' names, and tests that it leads to."""

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.explain import line_of
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.tables import read_rows
from scripts.catalogue.files.texts import TO_WRITE
from scripts.validation.pages.macro_calls import FRONT_MATTER
from scripts.validation.rules import files, line_at, read, rule

SOURCES = "data/sources.tsv"
# An address that a page leads to: in its front matter, a link, or angle brackets.
OUTWARD = re.compile(
    r"(?:^ +(?:- )?(?:url|proof|source): *[\"']?|\]\(\s*<?|<|^ *\[[^\]]+\]: *<?|href=.)"
    r"https://(?P<address>(?P<host>[^/\s)>\"']*)/?(?P<owner>[^/\s)>#]*)[^\s)>\"']*)",
    re.M,
)
# What moves or grows old, or what not all can read: the address, what is wrong with it, and what to do.
PASSING = (
    (
        r"/(?:blame|blob|raw|tree)/(?:dev|develop|main|master|trunk)/[^#]*#L\d",
        "the lines of a branch move",
        "Name a release or a commit in place of the branch, or leave out the lines.",
    ),
    (
        r"[/=](?:ar|bn|cs|da|de|el|es|fa|fi|fr|he|hi|hu|id|it|ja|ko|nl|pl|pt|ru|sv|th|tr|uk|vi|zh)"
        r"(?:[-_][A-Za-z]+)?(?:/|$)",
        "the address is that of a translation",
        "Lead to the English page.",
    ),
    (  # what an answer is checked on has such a number: Python 3, SQLAlchemy 2.0 and 2.1
        r"^(?!docs\.python\.org/3/|docs\.sqlalchemy\.org/en/2[01]/)"
        r"[^/]+(?:/en|/docs?|/projects/\w+)*/v?\d[\w.]*/",
        "the documentation is that of one release",
        "Lead to that of all: /3/, /stable/, /latest/ or /current/.",
    ),
)

GENERAL = {"and", "by", "documentation", "issues", "of", "releases", "source", "specification"}


def named(text: str) -> list[str]:
    """Return the names and words of a text, in small letters."""
    return re.findall(r"\w(?:[\w.-]*\w)?", text.casefold())


@rule("Front matter")
def every_source_is_on_a_listed_host(root: Path) -> Iterator[Problem]:
    listed = {row.cells[0]: row.line for row in read_rows(root, SOURCES, columns=2)}
    used: set[str] = set()
    for name in files(root, "docs", suffix=".md"):
        text = read(root, name)
        for found in OUTWARD.finditer(text):
            host, owner = found["host"], f"{found['host']}/{found['owner']}"
            used |= {host, owner}
            line = line_at(text, found.start("address"))
            if not {host, owner} & listed.keys():
                whose = owner if any(row.startswith(f"{host}/") for row in listed) else host
                remedy = f"Name who made the thing, or a specification; a new host has to be in {SOURCES}."
                yield Problem(name, line, f"{whose} is not among the hosts of sources", remedy)
                continue
            for passing, fault, remedy in PASSING:
                if re.search(passing, found["address"]):
                    yield Problem(name, line, fault, remedy)
    for host in listed.keys() - used:
        remedy = "Delete the line: a host comes with the answer that needs it."
        yield Problem(SOURCES, listed[host], f"no page names {host}", remedy)


@rule("Front matter")
def every_title_of_a_source_begins_with_its_maker(root: Path) -> Iterator[Problem]:
    makers = {row.cells[0]: row.cells[1] for row in read_rows(root, SOURCES, columns=2)}
    for page in load(root).answers.values():
        for number, source in enumerate(page.meta.sources):
            host, _, path = source.url.removeprefix("https://").partition("/")
            maker = makers.get(host) or makers.get(f"{host}/{path.partition('/')[0]}") or ""
            names = {*named(maker)} - GENERAL
            unknown = not maker or TO_WRITE in source.title  # told by another rule
            if not unknown and not names & {*named(source.title)[:1]}:
                line = line_of(read(root, page.file), ["sources", number, "title"])
                fault = f"the title does not begin with what is found at {host}"
                remedy = f"Begin it with a name of its line in {SOURCES}: “{maker}”."
                yield Problem(page.file, line, fault, remedy)


@rule("Front matter")
def every_version_that_an_answer_needs_stands_in_its_text(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        text = read(root, page.file)
        for package, version in page.meta.since.items():
            short = re.escape(".".join(version.split(".")[:2]))
            if not re.search(rf"(?<![\d.]){short}(?!\d)", FRONT_MATTER.sub("", text, count=1)):
                fault = f"the text does not say what needs {package} {version}"
                remedy = "Say it below `## What changed`, with the version; or delete the key."
                yield Problem(page.file, line_of(text, ["since", package]), fault, remedy)


@rule("Front matter")
def a_correction_is_proved_where_its_answer_leads(root: Path) -> Iterator[Problem]:
    pages = load(root).answers.values()
    owner = {page.snippets: page for page in pages}
    for page in pages:
        for number, correction in enumerate(page.meta.corrections):
            other = owner.get("/".join(correction.proof.split("/")[:3]), page)
            text = read(root, page.file)
            if (
                other != page
                and other.meta.id not in page.meta.related
                and Path(other.file).name not in text
            ):
                line = line_of(text, ["corrections", number, "proof"])
                remedy = "Name a test of this answer, or lead the reader to the other one."
                yield Problem(page.file, line, f"the proof is that of {other.file}", remedy)
