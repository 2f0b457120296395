"""A page is plain: short, without repetition, and its first program has all the names that it uses."""

import builtins
import dis
import re
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

from pymdownx.snippets import SnippetMissingError

from scripts.catalogue.answers import AnswerPage, load
from scripts.catalogue.files.included_code import included
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import remembered
from scripts.validation.code.blocks import Block, blocks, includes
from scripts.validation.pages.macro_calls import FRONT_MATTER
from scripts.validation.rules import line_at, read, rule

MOST_SHORT = 40  # words of a short answer
MOST_PROSE = 800  # words of a page
KNOWN = frozenset(dir(builtins)) | {"__file__", "__annotations__"}


def first_program(root: Path, page: AnswerPage) -> Block | None:
    """Return the first Python block of an answer: the program that readers paste."""
    named = (block for block in blocks(root, page.file) if block.info.split()[:1] == ["python"])
    return next(named, None)


def shown(root: Path, block: Block) -> str:
    """Return the code of a block as the page shows it."""
    return included("\n".join(block.body), root) + "\n"


def parts(code: CodeType) -> Iterator[CodeType]:
    """Yield a compiled module and all that is defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from parts(constant)


@remembered
def undefined(program: str) -> list[str]:
    """Return the names that a program asks its module for, and that it never gives one."""
    asked, given = set(), set(KNOWN)
    for code in parts(compile(program, "program", "exec", dont_inherit=True)):
        for step in dis.get_instructions(code):
            if step.opname in ("LOAD_NAME", "LOAD_GLOBAL"):
                asked.add(str(step.argval))
            elif step.opname in ("STORE_NAME", "STORE_GLOBAL"):
                given.add(str(step.argval))
    return sorted(asked - given)


@rule("The page")
def every_first_program_has_all_that_it_uses(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        block = first_program(root, page)
        if not block:
            continue
        try:
            names = undefined(shown(root, block))
        except SnippetMissingError:
            continue  # a rule of its own
        except SyntaxError as error:
            fault = f"the first program cannot be pasted: {error.msg}"
            yield Problem(page.file, block.line, fault, "Show a whole program first.")
        else:
            if names:
                fault = f"the first program does not say what {', '.join(names)} is"
                remedy = "Show all of it, imports included: readers paste it."
                yield Problem(page.file, block.line, fault, remedy)


def words(root: Path, page: AnswerPage) -> int:
    """Return how many words an answer has: headings and findings count, code blocks do not."""
    lines = read(root, page.file).split("\n")
    for block in blocks(root, page.file):
        end = block.line + len(block.body) + block.closed
        lines[block.line - 1 : end] = [""] * (end - block.line + 1)
    return len(re.findall(r"\S*\w\S*", FRONT_MATTER.sub("", "\n".join(lines), count=1)))


@rule("The page")
def every_answer_is_short(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        text = read(root, page.file)
        if (many := len(page.meta.answer.split())) > MOST_SHORT:
            line = line_at(text, text.index("\nanswer:") + 1)
            remedy = f"Leave one rule and at most one exception: {MOST_SHORT} words."
            yield Problem(page.file, line, f"the short answer has {many} words", remedy)
        if (many := words(root, page)) > MOST_PROSE:
            remedy = f"Delete what nobody would miss: {MOST_PROSE} words are enough."
            yield Problem(page.file, text.count("\n"), f"the page has {many} words", remedy)


@rule("The page")
def no_block_stands_on_a_page_twice(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        above: dict[tuple[str, str | None], int] = {}
        for line, path, section in includes(root, page.file):
            if at := above.get((path, section)):
                fault = f"this code stands in line {at} already"
                remedy = (
                    "Refer to it: `data-wrong` or `data-right` in a review, a link in the text."
                )
                yield Problem(page.file, line, fault, remedy)
            above.setdefault((path, section), line)
