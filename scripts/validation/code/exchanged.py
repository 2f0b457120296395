"""Right and wrong code are not exchanged: what is said of code, and refers to it, agrees with its file."""

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import remembered
from scripts.catalogue.names import is_wrong
from scripts.validation.code.blocks import INCLUDE, RECORDED, blocks, includes, snippets
from scripts.validation.rules import line_at, read, rule

REVIEW = re.compile(r'<div class="review".*?</div>', re.S)
# What names of wrong code do not say, and those of files and sections of right code.
PRAISING = {
    "best",
    "better",
    "correct",
    "correctly",
    "good",
    "preferred",
    "proper",
    "properly",
    "recommended",
}
PRAISING |= {"right", "safe", "safely", "secure", "securely", "fixed"}
BLAMING = {"antipattern", "bad", "broken", "incorrect", "insecure", "unsafe", "vulnerable", "wrong"}
NAME = re.compile(r"\b(?:def|class) (\w+)|\[start:([\w-]+)\]")


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


def names(name: str, text: str) -> Iterator[tuple[bool, int, str]]:
    """Yield the same of the names of a file, its sections, and, where it is wrong code, its functions."""
    if set(Path(name).stem.split("_")) & BLAMING - ({"wrong"} if is_wrong(name) else set()):
        yield True, 1, Path(name).name
    for found in NAME.finditer(text):
        words = set(re.findall(r"[A-Z]?[a-z]+|[A-Z]+", found[1] or found[2]))
        words = {word.lower() for word in words}
        if (is_wrong(name) and words & PRAISING) or (found[2] and words & BLAMING):
            yield not words & PRAISING, line_at(text, found.start()), found[1] or found[2]


def announced(text: str, line: int) -> tuple[int, str]:
    """Return the last sentence above a line of a page, with its line."""
    above = text.split("\n")[: line - 1]
    while above and not above[-1].strip():
        above.pop()
    return len(above), re.split(r"(?<=[.:?]) ", above[-1])[-1] if above else ""


@rule("Code")
def no_comment_contradicts_the_name_of_its_file(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        for name in snippets(root, page):
            if name.endswith((*RECORDED, "/conftest.py")):
                continue
            text = read(root, name)
            for blames, line, words in [*judgements(text), *names(name, text)]:
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
            include = INCLUDE.fullmatch("\n".join(block.body).strip())
            line, sentence = announced(text, block.line)
            is_recorded = include and include["path"].endswith(RECORDED)
            for blames, _, words in (
                judgements(f"# {sentence}") if include and not is_recorded else ()
            ):
                if include and blames != is_wrong(include["path"]):
                    kind = "right" if blames else "wrong"
                    remedy = "Say what it does, or show the code that is meant."
                    yield Problem(
                        page.file, line, f"{words[2:]!r:.60} announces {kind} code", remedy
                    )
            if is_recorded and re.search(r"\b(right|wrong|(in)?correct) code\b", block.info):
                yield Problem(
                    page.file, block.line, "the title judges code", "Say what was recorded."
                )
            elif PRAISE.search(block.info):
                remedy = 'Say after "Wrong: " what it does.'
                yield Problem(page.file, block.line, "the title praises wrong code", remedy)
