"""What commands keep in order is in order."""

import difflib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts.catalogue.files.edit_front_matter import ordered
from scripts.catalogue.files.problems import Problem
from scripts.catalogue.identity import PUBLISHED, REDIRECTS
from scripts.validation.rules import Stage, read, rule

SORTED = (
    *(PUBLISHED, REDIRECTS, "data/run_outputs.tsv", "data/runs.tsv"),
    *("data/sources.tsv", "data/synonyms.tsv"),
)


def sorted_lines(text: str) -> str:
    """Return ``text`` with its lines sorted, each once, below the comments that it begins with."""
    comments = re.match(r"(?:# [^\n]*\n)*", text)
    head = comments[0] if comments else ""
    lines = set(text.removeprefix(head).splitlines()) - {""}
    return "".join([head, *(f"{line}\n" for line in sorted(lines))])


def unordered(root: Path) -> dict[str, str]:
    """Return the text, in order, of each page and list below ``root`` that is not."""
    rules: dict[str, Callable[[str], str]] = dict.fromkeys(SORTED, sorted_lines)
    pages = root.glob("docs/*/*.md")
    rules |= {path.relative_to(root).as_posix(): ordered for path in sorted(pages)}
    texts = {name: read(root, name) for name in rules}
    return {name: new for name, old in texts.items() if (new := rules[name](old)) != old}


def misplaced(lines: list[str], right: list[str]) -> tuple[int, str, str]:
    """Return the first line that is not in its place, from 1, how it begins, and what belongs above it."""
    keys, places = ([line for line in text if line[:1].strip(" -")] for text in (lines, right))
    changes = difflib.SequenceMatcher(None, keys, places, autojunk=False).get_opcodes()
    kind, old, _, new, _ = next(change for change in changes if change[0] != "equal")
    moved = keys[old] if kind == "delete" else places[new]
    at = places.index(moved) if moved in places else 0
    name, above = (re.split(r"[:\t]", text)[0] for text in (moved, places[at - 1] if at else ""))
    return lines.index(moved) + 1, name, above


@rule("Commands for authors", Stage.LATER)
def pages_and_lists_are_in_order(root: Path) -> Iterator[Problem]:
    for name, new in unordered(root).items():
        line, moved, above = misplaced(read(root, name).splitlines(), new.splitlines())
        place = f"It belongs below `{above}`" if above else "It belongs to the top"
        yield Problem(name, line, f"`{moved}` is not in its place", f"{place}: run `make fix`.")
