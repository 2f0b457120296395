"""The prose of a page reads as it was meant: no stray signs, no link that shows another target."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from scripts.catalogue.problems import Problem
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
}
TYPOGRAPHIC = re.compile("[\u2018-\u201f\u2013\u2014]")  # curly quotes and long dashes
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


@rule("The page")
def prose_reads_as_it_was_meant(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs", suffix=".md"):
        text = FRONT_MATTER.sub(lambda found: blank(found[0]), without_code(root, name))
        for line, paragraph in paragraphs(ELEMENT.sub(lambda found: blank(found[0]), text)):
            for fault, remedy in faults_of(paragraph):
                yield Problem(name, line, fault, remedy)
        text = read(root, name)
        for code in CODE_SPAN.finditer(text):
            if (found := TYPOGRAPHIC.search(code[0])) and "```" not in code[0]:
                fault = f"the code holds {found[0]}"
                yield Problem(name, line_at(text, code.start()), fault, "Type the plain sign.")
