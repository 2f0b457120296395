"""The prose of a page reads as it was meant: no stray signs, no link that shows another target."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import remembered
from scripts.validation.pages.macro_calls import FRONT_MATTER
from scripts.validation.pages.markdown import CODE_SPAN, TAG, blank, without_code
from scripts.validation.rules import files, line_at, read, rule

ELEMENT = re.compile(rf"{TAG.pattern}|\{{[^{{}}\n]*\}}")
STRAY, END = "data/prose.tsv", "\0"
# Curly quotes, long dashes, and a pipe that is escaped as tables elsewhere need it: each would be shown.
TYPOGRAPHIC = re.compile(r"[\u2018-\u201f\u2013\u2014]|\\\|")
SHOWN = re.compile(
    r"\[(?P<text>(?:https?://|www\.)\S+?|[\w.-]+\.(?:com|dev|io|net|org)(?:/\S*?)?)\]\((?P<target>[^)\s]+)"
)
ENGLISH = re.compile(
    r"\b(?:the|an?|of|to|is|are|and|or|not|with|for|by|that|it|as|which|this|be|from|than|its|has|have|"
    r"does?|you|where|if|when|then|each|can|how|why|only|after|without|while|become|need|into|every)\b",
    re.I,
)
TARGETS = re.compile(r"(?<=\]\()[^)\n]+(?=\))")
# Of the front matter all but its sentences; a row may be about answers or truths alone.
NO_SENTENCE = re.compile(
    r"^(?! *(?:- )?(?:answer|claim|description|text|truth): ).*|^[ -]*(?:claim|description): ",
    re.M,
)
WORDS = 8  # from so many on a paragraph shows its language
ENGLISH_SHARE = 0.05  # of the words of a paragraph, at least


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the paragraphs of a text, each with its line from 1."""
    for found in re.finditer(r"(?:[^\n]*\S[^\n]*\n?)+", text):
        yield line_at(text, found.start()), found[0]


def faults_of(paragraph: str, stray: list[list[str]]) -> Iterator[tuple[int, str, str]]:
    """Yield what is wrong with a paragraph without code: its line in it from 0, the fault, and what to do."""
    shown_words = TARGETS.sub(lambda found: "-" * len(found[0]), paragraph)
    for sign, fault, remedy in stray:
        if found := re.search(sign, shown_words):
            yield paragraph.count("\n", 0, found.start()), fault.format(found[0].strip()), remedy
    if paragraph.count("**") % 2:
        yield 0, "bold text is not closed", "Write `**` on both sides."
    elif len(re.findall(r'(?<!")\*(?!")', paragraph)) % 2:
        yield 0, "emphasis is not closed", "Write `*` on both sides."
    for first, last in ("()", "[]"):
        if paragraph.count(first) != paragraph.count(last):
            yield 0, f"a `{first}` has no `{last}`", "Write both, or put code into backquotes."
    if paragraph.count('"') % 2:
        yield 0, "a quotation mark has no other", "Write both, or put code into backquotes."
    for link in SHOWN.finditer(paragraph):
        shown = urlsplit(link["text"] if "//" in link["text"] else f"//{link['text']}").netloc
        if shown.removeprefix("www.") != urlsplit(link["target"]).netloc.removeprefix("www."):
            yield 0, f"the link shows {shown} and leads elsewhere", "Show where it leads."
    words = re.findall(r"[^\W\d_]+", shown_words)
    few = len(ENGLISH.findall(shown_words)) < ENGLISH_SHARE * len(words)
    if few and len(words) >= WORDS and not re.match(r"\s*[|#]", paragraph):
        remedy = "Write it in English; a word of another language is code."
        yield 0, "the paragraph is not English", remedy


@remembered
def in_prose(text: str) -> list[tuple[int, str, str]]:
    """Return line, fault and remedy of all that is wrong with the prose of a page without its code.

    Before the page stands the table of what no page holds: what is remembered is true for it alone.
    """
    table, _, text = text.partition(END)
    stray = [row.split("\t") for row in table.splitlines() if not row.startswith("# ")]
    front = FRONT_MATTER.match(text)
    above = NO_SENTENCE.sub(lambda found: blank(found[0]), front[0] if front else "").split("\n")
    text = ELEMENT.sub(lambda found: blank(found[0]), FRONT_MATTER.sub(lambda f: blank(f[0]), text))
    found: dict[int, tuple[int, str, str]] = {}
    for line, paragraph in [*enumerate(above, 1), *paragraphs(text)]:
        for number, fault, remedy in faults_of(paragraph, stray):
            found.setdefault(line + number, (line + number, fault, remedy))
    return list(found.values())


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
    table = read(root, STRAY)
    for name in files(root, "docs", suffix=".md"):
        for fault in [
            *in_prose(f"{table}{END}{without_code(root, name)}"),
            *in_code(read(root, name)),
        ]:
            yield Problem(name, *fault)
