"""The programs that the pages show, and what was recorded of the answers on the same page."""

from dataclasses import dataclass, field
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.shown_code import lines_of, program, shown_blocks
from scripts.project import ROOT


@dataclass
class Program:
    """A program of a page."""

    path: str
    """Below ``snippets``."""
    source: str
    """As it is published."""
    lines: list[tuple[int, int]] = field(default_factory=list)
    """The lines of its sections, in the order in which the page shows them."""
    recorded: list[str] = field(default_factory=list)
    """The recorded texts that the page shows, below ``snippets``: the nearest below it first."""


def programs(root: Path = ROOT) -> list[Program]:
    """Return the Python programs of all pages, in the order of their paths."""
    found = dict[str, Program]()
    for page in load(root).answers.values():
        blocks = shown_blocks((root / page.file).read_text(encoding="utf-8"))
        recorded = [(n, block.path) for n, block in enumerate(blocks) if block.is_recorded]
        for place, block in enumerate(blocks):
            if block.language != "python":
                continue
            if block.path not in found:
                near = sorted(recorded, key=lambda at: (at[0] < place, abs(at[0] - place)))
                names = list(dict.fromkeys(name for _, name in near))
                found[block.path] = Program(block.path, program(block.path, root), [], names)
            if lines := lines_of(block.path, block.section, root):
                found[block.path].lines.append(lines)
    return [found[path] for path in sorted(found)]
