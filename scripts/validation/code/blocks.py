"""The code blocks of a page, what they include, and the sections of a snippet."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.catalogue.answers import AnswerPage
from scripts.catalogue.files.reading import once
from scripts.validation.rules import folder, read

FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})([^\n`]*)")
INCLUDE = re.compile(r'\s*--8<-- "(?P<path>[^":]+)(?::(?P<section>[\w-]+))?"\s*')
RECORDED = (".txt", ".json", ".http")
MARKER = re.compile(r"--8<-- \[(start|end):([\w-]+)\]")


@dataclass(frozen=True)
class Block:
    """A fenced code block: the line of its fence from 1, what stands after that, and its content."""

    line: int
    info: str
    body: tuple[str, ...]
    closed: bool


@once
def blocks(root: Path, name: str) -> list[Block]:
    """Return the fenced code blocks of a page."""
    return list(fenced(read(root, name).splitlines()))


def fenced(lines: list[str]) -> Iterator[Block]:
    """Yield the fenced code blocks of ``lines``."""
    start = fence = None
    for number, line in enumerate([*lines, None], 1):
        opened = FENCE.fullmatch(line or "")
        if not fence and opened:
            start, fence = number, opened
        elif start and fence and (line is None or line.strip(" \t>") == fence[1]):
            yield Block(start, fence[2].strip(), tuple(lines[start : number - 1]), line is not None)
            fence = None


@once
def includes(root: Path, name: str) -> list[tuple[int, str, str | None]]:
    """Return the line, the path below ``snippets`` and the section of every include of a page."""
    return [
        (number, include["path"], include["section"])
        for block in blocks(root, name)
        for number, line in enumerate(block.body, block.line + 1)
        if (include := INCLUDE.fullmatch(line))
    ]


@once
def markers(root: Path, name: str) -> dict[tuple[str, str], list[int]]:
    """Return the lines of the markers of a snippet, by kind (``start`` or ``end``) and section."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, line in enumerate(read(root, name).splitlines(), 1):
        if "--8<-- [" in line:
            for marker in MARKER.finditer(line):
                found.setdefault((marker[1], marker[2]), []).append(number)
    return found


def snippets(root: Path, page: AnswerPage) -> Iterator[str]:
    """Yield the files of the answer's snippet folder that are no tests, fixtures or rules."""
    for name in folder(root, page.snippets):
        if not name.rsplit("/", 1)[1].startswith(("test_", "conftest.py", "rules.yml")):
            yield name
