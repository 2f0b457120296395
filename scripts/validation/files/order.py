"""What commands keep in order is in order."""

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


@rule("Commands for authors", Stage.LATER)
def pages_and_lists_are_in_order(root: Path) -> Iterator[Problem]:
    for name, new in unordered(root).items():
        lines = read(root, name).splitlines()
        pairs = enumerate(zip(lines, new.splitlines(), strict=False), 1)
        line = next((number for number, (old, right) in pairs if old != right), len(lines))
        yield Problem(name, line, "the line is not in its place", "Run `make fix`.")
