"""What one front matter cannot know of itself: the other answers."""

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.answers import AnswerPage, load
from scripts.catalogue.files.explain import line_of
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.identity import owners
from scripts.validation.rules import read, rule

PATHS = "docs/paths.md"
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


@rule("Lists that fill themselves, and one that does not")
def no_learning_path_names_an_answer_twice(root: Path) -> Iterator[Problem]:
    listed: set[str] = set()
    for line, text in enumerate(read(root, PATHS).splitlines(), 1):
        listed = set() if text.startswith("## ") else listed
        for number in re.findall(r"\d+", text) if "{{ path(" in text else ():
            if number in listed:
                yield Problem(PATHS, line, f"{number} stands in this path twice", "Keep the first.")
            listed.add(number)
