"""What a page's source says of its blocks: the files that they include, in its order."""

import re
from dataclasses import dataclass
from pathlib import Path

from scripts.project import ROOT

FOLDER = "code"
"""Where the programs are published, below the site's root."""
INCLUDE = re.compile(
    r'^ *```(?P<language>\w+)[^\n]*\n *--8<-- "(?P<path>[^":]+)(?::(?P<section>[\w-]+))?"\n *```',
    re.M,
)
# The marks of sections, and what wrong code says to the type checker.
MARKER = re.compile(r"^(?:[^\n]*--8<-- \[(?:start|end):[\w-]+\]|# mypy: )[^\n]*\n?", re.M)
RECORDED = (".txt", ".json", ".http")


@dataclass(frozen=True)
class Shown:
    """A block as the page's source has it: the file below ``snippets`` that it includes, and its language."""

    path: str
    language: str
    section: str = ""

    @property
    def is_recorded(self) -> bool:
        """Tell what a run printed from what was written."""
        return self.path.endswith(RECORDED)

    @property
    def address(self) -> str:
        """Where the whole file is published as text, below the site's root."""
        return f"{FOLDER}/{self.path}.txt"


def shown_blocks(markdown: str) -> list[Shown]:
    """Return the blocks of a page's source, in its order."""
    return [
        Shown(found["path"], found["language"], found["section"] or "")
        for found in INCLUDE.finditer(markdown)
    ]


def program(path: str, root: Path = ROOT) -> str:
    """Return a file of ``snippets`` without what stands in it for the site and its checks."""
    return MARKER.sub("", (root / "snippets" / path).read_text(encoding="utf-8"))


def lines_of(path: str, section: str, root: Path = ROOT) -> tuple[int, int] | None:
    """Return the first and last line, from 1, of a section in the program as ``program`` returns it.

    Returns ``None`` where the section is no single run of lines that begins and ends with code.
    """
    marks = {f"[{end}:{section}]": end for end in ("start", "end")}
    found = dict[str, int]()
    number = 0
    for line in (root / "snippets" / path).read_text(encoding="utf-8").splitlines(keepends=True):
        if end := next((end for mark, end in marks.items() if mark in line), ""):
            if end in found:
                return None
            found[end] = number
        number += not MARKER.match(line)
    return (found["start"] + 1, found["end"]) if len(found) == len(marks) else None
