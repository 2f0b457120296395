"""Every code block of a page is a section of a file of its own folder, and every section is shown."""

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.validation.code.blocks import (
    INCLUDE,
    RECORDED,
    Block,
    blocks,
    includes,
    markers,
    snippets,
)
from scripts.validation.files.places import IGNORED
from scripts.validation.rules import Stage, files, folder, read, rule

LANGUAGES = "dockerfile html http js json nginx python sh shell text yaml"
"""What the blocks of the pages are written in; another one is added here."""
BY_NUMBER = re.compile(r'.*8<-+ "[^":]+:\d*(:\d*)?"\s*')
ANY_INCLUDE = re.compile(r"\s*;?-+8<-+")


def fault_of(block: Block) -> tuple[str, str] | None:
    """Return what is wrong with a code block and what to do, or nothing."""
    body = [line for line in block.body if line.strip()]
    include = INCLUDE.fullmatch(body[0]) if len(body) == 1 else None
    if not block.closed:
        return "the code block is not closed", "End it with the same fence."
    if len(body) == 1 and BY_NUMBER.fullmatch(body[0]):
        remedy = "Mark a section in the file and name it: numbers move with every edit."
        return "the code is included by line numbers", remedy
    if not include and len(body) == 1 and ANY_INCLUDE.match(body[0]):
        remedy = 'Write `--8<-- "topic/slug/file.py:section"`, of the page\'s own folder.'
        return "the include has another form", remedy
    if not include:
        remedy = "Put the code into a file of the page's snippet folder and include it by section."
        return "the code block is pasted", remedy
    if not include["section"] and not include["path"].endswith(RECORDED):
        return f"{include['path']} is included without a section", "Name one: `file:section`."
    if not block.info:
        return "the code block names no language", "Write it after the fence, like ```python."
    if (language := block.info.split()[0]) not in LANGUAGES.split():
        return f"the pages know no language `{language}`", f"Write one of {LANGUAGES}."
    return None


@rule("Code", Stage.PARTS)
def every_code_block_is_one_snippet_include(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs", suffix=".md"):
        inside: set[int] = set()
        for block in blocks(root, name):
            inside.update(range(block.line, block.line + len(block.body) + 2))
            if fault := fault_of(block):
                yield Problem(name, block.line, *fault)
        for number, line in enumerate(read(root, name).splitlines(), 1):
            if number not in inside and ANY_INCLUDE.match(line):
                yield Problem(
                    name,
                    number,
                    "the include stands outside a code block",
                    "Put a fence with its language around it.",
                )
                break


@rule("Code", Stage.PARTS)
def every_include_is_a_complete_section_of_the_pages_own_folder(
    root: Path,
) -> Iterator[Problem]:
    left_out: list[tuple[str, int, str]] = []
    for name in files(root, "docs", suffix=".md"):
        own = name.removeprefix("docs/").removesuffix(".md").replace("-", "_") + "/"
        for line, path, section in includes(root, name):
            snippet = f"snippets/{path}"
            if ".." in path.split("/") or path.startswith("/"):
                fault, remedy = f"{path} leaves snippets/", f"Include files of snippets/{own} only."
                yield Problem(name, line, fault, remedy)
            elif not path.startswith(own):
                fault = f"{path} belongs to another page"
                remedy = f"Include files of snippets/{own}; link to the other page."
                yield Problem(name, line, fault, remedy)
            elif snippet not in folder(root, "/".join(snippet.split("/")[:3])):
                if (root / snippet).is_file():
                    left_out.append((name, line, snippet))
                else:
                    remedy = "Create it or correct the name."
                    yield Problem(name, line, f"{snippet} does not exist", remedy)
            elif section:
                yield from faults_of_section(root, snippet, section, f"{name}:{line}")
    # A line of .gitignore that hides them is a fault of its own.
    hides = not all(map(IGNORED.fullmatch, read(root, ".gitignore").splitlines()))
    for name, line, snippet in [] if hides else left_out[:1]:
        more = f", and {len(left_out) - 1} more" if left_out[1:] else ""
        yield Problem(
            name, line, f"{snippet} is left out by .gitignore{more}", "Call it otherwise."
        )


def faults_of_section(root: Path, snippet: str, section: str, user: str) -> Iterator[Problem]:
    """Yield what is wrong with the markers of a section that ``user`` includes."""
    starts, ends = (markers(root, snippet).get((kind, section), []) for kind in ("start", "end"))
    line = (starts or [1])[-1]
    if not starts:
        page, _, included_at = user.partition(":")
        has = ", ".join(name for kind, name in markers(root, snippet) if kind == "start")
        fault = f"{snippet.rpartition('/')[2]} has no section `{section}`"
        remedy = (
            f"Name one that it has ({has or 'none'}), or mark it with `--8<-- [start:{section}]`."
        )
        yield Problem(page, int(included_at), fault, remedy)
    elif len(starts) != 1:
        fault = f"the section `{section}` stands there twice"
        remedy = f"Mark it once with `--8<-- [start:{section}]`; {user} includes it."
        yield Problem(snippet, line, fault, remedy)
    elif len(ends) != 1 or ends[0] < line:
        fault = f"the section `{section}` is not closed"
        remedy = f"Add `--8<-- [end:{section}]`; {user} includes it."
        yield Problem(snippet, line, fault, remedy)


@rule("Code")
def every_snippet_and_section_is_shown(root: Path) -> Iterator[Problem]:
    for page in load(root).answers.values():
        shown = {(path, section) for _, path, section in includes(root, page.file)}
        for name in snippets(root, page):
            path = name.removeprefix("snippets/")
            if not any(path == other for other, _ in shown):
                remedy = "Include it there, or delete it."
                yield Problem(name, 1, f"{page.file} does not show it", remedy)
                continue
            marked = markers(root, name)
            for (kind, section), lines in marked.items():
                if kind == "end" and ("start", section) not in marked:
                    remedy = f"Mark it with `--8<-- [start:{section}]`, or delete it."
                    yield Problem(name, lines[0], f"nothing begins the section `{section}`", remedy)
                elif kind == "start" and (path, section) not in shown:
                    fault = f"{page.file} does not show the section `{section}`"
                    yield Problem(name, lines[0], fault, "Include it there, or remove its markers.")
