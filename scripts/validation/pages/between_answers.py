"""What one front matter cannot know of itself: the other answers, the list of hosts, the page below it."""

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.answers import AnswerPage, load
from scripts.catalogue.files.explain import line_of
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.tables import read_rows
from scripts.catalogue.identity import owners
from scripts.validation.rules import files, line_at, read, rule

SOURCES, PATHS = "data/sources.tsv", "docs/paths.md"
# An address that a page leads to: in its front matter, a link, or angle brackets.
OUTWARD = re.compile(
    r"(?:^ +(?:- )?(?:url|proof|source): *[\"']?|\]\(\s*<?|<|^ *\[[^\]]+\]: *<?|href=.)https?://(?P<host>[^/\s)>\"']*)/?(?P<owner>[^/\s)>#]*)",
    re.M,
)
SMALL = re.compile(
    r"a|an|the|is|are|do|does|did|of|in|on|to|my|your|its?|with|for|and|or|be|can|i|you"
)
LAST_IN_BLOCKS = (
    199  # up to it topics, and answers written at the same time, had blocks of numbers with gaps
)


def meant(wording: str) -> str:
    """Return what two wordings have in common that ask the same: its words but for the small ones."""
    words = re.findall(r"[\w.]+", wording.casefold())
    return " ".join(word for word in words if not SMALL.fullmatch(word)) or wording


def said(page: AnswerPage) -> Iterator[tuple[str, list[str | int], str]]:
    """Yield what no other answer says: its kind, the keys of its place, and the text."""
    folder = page.file.rpartition("/")[0]
    yield f"name in the navigation of {folder}", ["id"], page.name
    yield "short answer", ["answer"], page.meta.answer
    yield "question", [], page.title
    for number, wording in enumerate(page.meta.asked_as):
        yield "question", ["asked_as", number], wording
    for number, correction in enumerate(page.meta.corrections):
        yield "claim", ["corrections", number, "claim"], correction.claim


@rule("One answer, one path")
def no_two_answers_have_the_same_wording(root: Path) -> Iterator[Problem]:
    first: dict[tuple[str, str], str] = {}
    for page in load(root).living.values():
        for kind, keys, text in said(page):
            other = first.setdefault((kind, meant(text)), f"{page.file} {keys}")
            if other != f"{page.file} {keys}":
                file = other.partition(" ")[0]
                line = line_of(read(root, page.file), keys)
                fault = f"“{text:.60}” is a {kind} of {file} already"
                remedy = "Delete it in one of the two places: near-duplicates are one answer."
                yield Problem(page.file, line, fault, remedy)


@rule("Front matter")
def every_source_is_on_a_listed_host(root: Path) -> Iterator[Problem]:
    listed = {row.cells[0]: row.line for row in read_rows(root, SOURCES, columns=2)}
    used: set[str] = set()
    for name in files(root, "docs", suffix=".md"):
        text = read(root, name)
        for found in OUTWARD.finditer(text):
            host, owner = found["host"], f"{found['host']}/{found['owner']}"
            used |= {host, owner}
            if not {host, owner} & listed.keys():
                whose = owner if any(row.startswith(f"{host}/") for row in listed) else host
                remedy = f"Name who made the thing, or a specification; a new host has to be in {SOURCES}."
                line = line_at(text, found.start())
                yield Problem(name, line, f"{whose} is not among the hosts of sources", remedy)
    for host in listed.keys() - used:
        remedy = "Delete the line: a host comes with the answer that needs it."
        yield Problem(SOURCES, listed[host], f"no page names {host}", remedy)


@rule("Addresses")
def every_new_id_is_the_next_free_one(root: Path) -> Iterator[Problem]:
    pages = load(root).answers
    numbers = sorted(number for number in {*pages, *owners(root)} if number > LAST_IN_BLOCKS)
    for expected, number in enumerate(numbers, LAST_IN_BLOCKS + 1):
        if number != expected and number in pages:
            line = line_of(read(root, pages[number].file), ["id"])
            fault = f"the id {number} is not the next free one"
            yield Problem(pages[number].file, line, fault, f"Take {expected}.")
            return


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


@rule("Lists that fill themselves, and one that does not")
def no_learning_path_names_an_answer_twice(root: Path) -> Iterator[Problem]:
    listed: set[str] = set()
    for line, text in enumerate(read(root, PATHS).splitlines(), 1):
        listed = set() if text.startswith("## ") else listed
        for number in re.findall(r"\d+", text) if "{{ path(" in text else ():
            if number in listed:
                yield Problem(PATHS, line, f"{number} stands in this path twice", "Keep the first.")
            listed.add(number)
