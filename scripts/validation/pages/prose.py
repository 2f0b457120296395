"""The prose of a page reads as it was meant: no stray signs, no link that shows another target."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import remembered
from scripts.validation.pages.macro_calls import FRONT_MATTER
from scripts.validation.pages.markdown import CODE_SPAN, blank, without_code
from scripts.validation.rules import files, line_at, read, rule

ELEMENT = re.compile(r"<[^>]*>|\{[^{}\n]*\}")
STRAY = {
    re.compile(r"`"): ("a backquote has no other", "Close the code, or delete the sign."),
    re.compile(r"\](?= +\((?:https?:|[\w./-]*#|[\w./-]+\.md))"): (
        "a blank stands between text and target of a link",
        "Delete it.",
    ),
    re.compile(r"\b([A-Za-z]{2,}) \1\b"): ("a word stands twice", "Delete one."),
    re.compile(r"\[\]\("): ("a link has no text", "Write what it leads to."),
    re.compile(r"-8<-|\}\}"): (
        "a sign of an include or of a macro is alone",
        "Delete it, or close it.",
    ),
    re.compile(r"\[TOC\]|\[\^|\[![A-Z]+\]|~~|==\w|\+\+\w|^\*\[[^\]\n]*\]:", re.M): (
        "the sign belongs to another kind of Markdown",
        "Say it in words, or as CONTRIBUTING.md shows.",
    ),
    re.compile(r"&#"): ("a sign is written as a number", "Type it."),
}
# Curly quotes, long dashes, and a pipe that is escaped as tables elsewhere need it: each would be shown.
TYPOGRAPHIC = re.compile(r"[\u2018-\u201f\u2013\u2014]|\\\|")
SHOWN = re.compile(
    r"\[(?P<text>(?:https?://|www\.)\S+?|[\w.-]+\.(?:com|dev|io|net|org)(?:/\S*?)?)\]\((?P<target>[^)\s]+)"
)
ENGLISH = re.compile(
    r"\b(?:the|an?|of|to|is|are|and|or|not|with|for|by|that|it|as|which|this|be)\b", re.I
)
WORDS = 25  # from so many on a paragraph shows its language
ENGLISH_SHARE = 0.05  # of the words of a paragraph, at least


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the paragraphs of a text, each with its line from 1."""
    for found in re.finditer(r"(?:[^\n]*\S[^\n]*\n?)+", text):
        yield line_at(text, found.start()), found[0]


def faults_of(paragraph: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a paragraph without code, and what to do."""
    for sign, fault in STRAY.items():
        if sign.search(paragraph):
            yield fault
    if paragraph.count("**") % 2:
        yield "bold text is not closed", "Write `**` on both sides."
    for link in SHOWN.finditer(paragraph):
        shown = urlsplit(link["text"] if "//" in link["text"] else f"//{link['text']}").netloc
        if shown.removeprefix("www.") != urlsplit(link["target"]).netloc.removeprefix("www."):
            yield f"the link shows {shown} and leads elsewhere", "Show where it leads."
    words = re.findall(r"[^\W\d_]+", paragraph)
    if len(words) >= WORDS and len(ENGLISH.findall(paragraph)) < ENGLISH_SHARE * len(words):
        yield (
            "the paragraph is not English",
            "Write it in English; a word of another language is code.",
        )


@remembered
def in_prose(text: str) -> list[tuple[int, str, str]]:
    """Return line, fault and remedy of all that is wrong with the prose of a page without its code."""
    text = FRONT_MATTER.sub(lambda found: blank(found[0]), text)
    parts = paragraphs(ELEMENT.sub(lambda found: blank(found[0]), text))
    return [(line, *fault) for line, paragraph in parts for fault in faults_of(paragraph)]


@remembered
def in_code(text: str) -> list[tuple[int, str, str]]:
    """Return line, fault and remedy of each sign in the code of a page that only prose has."""
    return [
        (line_at(text, code.start()), f"the code holds {found[0]}", "Type the plain sign.")
        for code in CODE_SPAN.finditer(text)
        if (found := TYPOGRAPHIC.search(code[0])) and "```" not in code[0]
    ]


@rule("The page")
def prose_reads_as_it_was_meant(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs", suffix=".md"):
        for fault in [*in_prose(without_code(root, name)), *in_code(read(root, name))]:
            yield Problem(name, *fault)
