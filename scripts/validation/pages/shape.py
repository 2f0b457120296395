"""The shape of a page's text: sentences that end and stand once, paragraphs that announce what follows."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import remembered
from scripts.catalogue.files.texts import TO_WRITE
from scripts.validation.code.blocks import fenced
from scripts.validation.pages.macro_calls import FRONT_MATTER
from scripts.validation.pages.markdown import blank
from scripts.validation.pages.prose import paragraphs
from scripts.validation.rules import files, read, rule

MOST_WORDS = 120  # of a paragraph
LEAST_WORDS = 6  # from so many on a sentence is one that nobody writes twice
IS_TEXT = re.compile(r"(?! {4}|[#|<>{`-]|\*\[|\d+\. )")
ENDS = re.compile(r"[.?:)`*\"”}|>]\Z")
ANNOUNCED = re.compile(r" *[`|>{<-]|\d+\. |### | {4}")
SENTENCE = re.compile(r"(?<=[.?:])\s+")
NO_SENTENCE = re.compile(r"[#|<{]|\*\*(?:Flag|Ask for):\*\*")


def outline(text: str) -> list[tuple[int, str]]:
    """Return the parts of a page with their lines from 1: paragraphs, and a fence for each code block."""
    lines = FRONT_MATTER.sub(lambda found: blank(found[0]), text).split("\n")
    for block in fenced(text.splitlines()):
        end = block.line + len(block.body) + block.closed
        lines[block.line - 1 : end] = ["```"] + [""] * (end - block.line)
    return [(line, part.strip("\n").rstrip()) for line, part in paragraphs("\n".join(lines))]


def faults_of(part: str, after: str) -> Iterator[tuple[int, str, str]]:
    """Yield what is wrong with a part of a page: the line in it from 0, the fault, and what to do."""
    last = part.count("\n")
    if not IS_TEXT.match(part) or TO_WRITE in part:
        return
    if (many := len(part.split())) > MOST_WORDS:
        yield 0, f"the paragraph has {many} words", f"Divide it: {MOST_WORDS} are enough."
    if part.endswith(":") and not ANNOUNCED.match(after):
        yield last, "nothing follows the colon", "Write what it announces, or a full stop."
    elif not ENDS.search(part) and not re.match(r"- |\d+\. ", after):
        yield last, "the paragraph has no end", "Finish the sentence, with a full stop."


@remembered
def misshapen(text: str) -> list[tuple[int, str, str]]:
    """Return line, fault and remedy of what is wrong with the shape of a page."""
    parts = outline(text)
    pairs = itertools.zip_longest(parts, parts[1:], fillvalue=(0, ""))
    found = [
        (line + number, fault, remedy)
        for (line, part), (_, after) in pairs
        for number, fault, remedy in faults_of(part, after)
    ]
    above: dict[str, int] = {}
    for line, part in parts:
        sentences = [] if NO_SENTENCE.match(part) else SENTENCE.split(part)
        twice = []
        for sentence in (" ".join(s.strip("->* ").split()).casefold() for s in sentences):
            if len(sentence.split()) >= LEAST_WORDS:
                twice += [above[sentence]] if sentence in above else []
                above.setdefault(sentence, line)
        if twice:
            fault = f"a sentence stands in line {twice[0]} already"
            found.append((line, fault, "Delete it, or say something else."))
    return found


@rule("The page")
def every_page_is_in_shape(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs", suffix=".md"):
        for fault in misshapen(read(root, name)):
            yield Problem(name, *fault)
