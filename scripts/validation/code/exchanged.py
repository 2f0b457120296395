"""Right and wrong code are not exchanged: what is said of code, and refers to it, agrees with its file."""

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.addresses import headings
from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import once, remembered
from scripts.validation.code.blocks import RECORDED, blocks, includes, snippets
from scripts.validation.code.shown import is_wrong
from scripts.validation.rules import line_at, read, rule

REVIEW = re.compile(r'<div class="review".*?</div>', re.S)
KINDS = (("Flag", "wrong", True), ("Ask for", "right", False))


def verdict(adjectives: str, verbs: str) -> re.Pattern[str]:
    """Return what a comment, a docstring or a title says where it judges the code that it belongs to."""
    end = r"(?=[\s.!:;)\"']*$|[:,!]| (?:way|code|form|idea|practice|example|version)\b)"
    return re.compile(
        rf"(?:#|//|--|\"\"\"|'''|title=\"Wrong:)\s*(?:(?:{adjectives}){end}|[^\n]*\b(?:"
        rf"(?:this|it|that|which|code) is (?:an? |the )?(?:{adjectives}){end}"
        rf"|(?:{verbs}) (?:it|this|that|so|like this)\b))",
        re.I | re.M,
    )


BLAME = verdict(
    "wrong|bad|incorrect|insecure|unsafe|broken|dangerous|harmful",
    "(?:never|do not|don't) (?:do|use|write|copy)|avoid",
)
PRAISE = verdict(
    "right|correct|good|safe|recommended|preferred|fine|better|best",
    "(?<!not )(?<!never )(?<!don't )(?:do|use|write|copy)",
)


@remembered
def judgements(text: str) -> list[tuple[bool, int, str]]:
    """Return what a file says of its own code: whether it is blame, the line, and the words."""
    return [
        (pattern is BLAME, line_at(text, found.start()), found[0].strip())
        for pattern in (BLAME, PRAISE)
        for found in pattern.finditer(text)
    ]


@rule("Code")
def no_comment_contradicts_the_name_of_its_file(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        for name in snippets(root, page):
            if name.endswith((*RECORDED, "/conftest.py")):
                continue
            for blames, line, words in judgements(read(root, name)):
                if blames != is_wrong(name):
                    fault = f"{words!r:.60} stands in {'right' if blames else 'wrong'} code"
                    remedy = (
                        "Say what it does, or name the file for what it is: wrong_… is wrong code."
                    )
                    yield Problem(name, line, fault, remedy)


@rule("The page")
def every_title_says_what_its_code_is(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        text = read(root, page.file)
        shown = [part for part in includes(root, page.file) if not part[1].endswith(RECORDED)]
        if shown and is_wrong(shown[0][1]):
            remedy = "Show first what a reader wants to do."
            yield Problem(page.file, shown[0][0], "the page begins with wrong code", remedy)
        for block in blocks(root, page.file):
            if re.search(r'title="(Flag|Ask for)"', block.info) and not any(
                line_at(text, found.start()) < block.line < line_at(text, found.end())
                for found in REVIEW.finditer(text)
            ):
                remedy = (
                    'Only a finding of `## In review` has "Flag" and "Ask for": say what it does.'
                )
                yield Problem(page.file, block.line, "the title belongs to a finding", remedy)
            if PRAISE.search(block.info):
                remedy = 'Say after "Wrong: " what it does.'
                yield Problem(page.file, block.line, "the title praises wrong code", remedy)


@rule("The page")
def every_finding_refers_to_code_of_its_kind(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        text = read(root, page.file)
        for review in REVIEW.finditer(text):
            for label, key, wrong in KINDS:
                named = re.search(rf' data-{key}="([^":]+)(:[^"]+)?"', review[0])
                link = re.search(rf"\*\*{label}:\*\* \[[^\n]+?\]\(#([\w-]+)\)", review[0])
                if not named or not link:
                    continue
                path, at = f"{named[1]}{named[2] or ''}", review.start()
                ids = homes(root, page.file, path)
                if is_wrong(named[1]) != wrong:
                    fault = (
                        f"data-{key} names {path}, which is {'right' if wrong else 'wrong'} code"
                    )
                    remedy = f"Name the {key} code above: files of wrong code are called wrong_…."
                    yield Problem(page.file, line_at(text, at), fault, remedy)
                elif ids and link[1] not in ids:
                    fault = f"#{link[1]} does not lead to {path}"
                    line = line_at(text, at + link.start())
                    yield Problem(page.file, line, fault, f"Lead to #{' or #'.join(ids)}.")


@once
def headings_of(root: Path, page: str) -> list[tuple[str, int]]:
    """Return the ids of the headings of a page with their lines."""
    return headings(read(root, page))


def homes(root: Path, page: str, path: str) -> list[str]:
    """Return the ids of the headings of a page right below which it shows ``path``, a section of a file."""
    above = headings_of(root, page)[::-1]
    lines = [line for line, *named in includes(root, page) if ":".join(filter(None, named)) == path]
    return [next(anchor for anchor, start in above if start < line) for line in lines]
