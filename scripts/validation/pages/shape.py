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

MOST_WORDS, MOST_OF_SENTENCE = 120, 45  # of a paragraph, and of a sentence; code counts one
LEAST_WORDS = 6  # from so many on a sentence is one that nobody writes twice on a page
COPIED = 13  # and from so many on it is copied from another page
CODE_OR_TARGET = re.compile(r"`[^`]+`|(?<=\]\()[^)]*|<[^>]*>")
IS_TEXT = re.compile(r"(?! {4}|[#|<>{`-]|\*\[|\d+\. )")
ENDS = re.compile(r"[.?:)`*\"”}|>]\Z")
ANNOUNCED = re.compile(r" *[`|>{<-]|\d+\. |### | {4}")
SENTENCE = re.compile(r"(?<=[.?:])\s+")
FOLLOW_UP = "## Follow-up questions"
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
    plain = CODE_OR_TARGET.sub("-", part)
    if (most := max(len(s.split()) for s in SENTENCE.split(plain))) > MOST_OF_SENTENCE:
        yield 0, f"a sentence has {most} words", f"Divide it: {MOST_OF_SENTENCE} are enough."
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
    section = ""
    for line, part in parts:
        section = part if part.startswith("## ") else section
        is_question = re.match(r"\*\*(?:`[^`]*`|[^*`])*\?\*\*", part)
        if section == FOLLOW_UP and part.startswith("**") and not is_question:
            found.append((line, "the bold text is no question", "Ask it, and answer it behind."))
        twice = [s for s in sentences(part) if above.setdefault(s, line) != line]
        if twice:
            fault = f"a sentence stands in line {above[twice[0]]} already"
            found.append((line, fault, "Delete it, or say something else."))
    return found


def sentences(part: str) -> Iterator[str]:
    """Yield the sentences of a part of a page that are long enough to be known again, in small letters."""
    for sentence in () if NO_SENTENCE.match(part) else SENTENCE.split(part):
        known = " ".join(sentence.strip("->* ").split()).casefold()
        if len(known.split()) >= LEAST_WORDS:
            yield known


@remembered
def long_sentences(text: str) -> list[tuple[str, int]]:
    """Return the sentences of a page that no other page may hold, with their lines; its changes may."""
    body = re.sub(r"^## What changed\n(?:(?!## ).*\n)*", lambda f: blank(f[0]), text, flags=re.M)
    parts = [(line, sentence) for line, part in outline(body) for sentence in sentences(part)]
    return [(sentence, line) for line, sentence in parts if len(sentence.split()) >= COPIED]


@rule("The page")
def every_page_is_in_shape(root: Path) -> Iterator[Problem]:
    above: dict[str, str] = {}
    for name in files(root, "docs", suffix=".md"):
        for fault in misshapen(read(root, name)):
            yield Problem(name, *fault)
        for sentence, line in long_sentences(read(root, name)):
            other = above.setdefault(sentence, f"{name}:{line}")
            if not other.startswith(f"{name}:"):
                told = f"a sentence of {other} stands here too"
                yield Problem(name, line, told, "Link to it instead.")
