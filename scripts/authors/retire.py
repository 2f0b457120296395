"""Retire an answer: `make retire ID=… BY=…` names the answer that is read instead.

The page, its number, its code and its tests stay. What led to it leads to the other one: related answers,
notes, learning paths, and the phrases of the search's test.
"""

import datetime
import os
import re
import sys
from pathlib import Path

from scripts.authors.arguments import arguments, load_or_exit
from scripts.authors.transaction import all_or_nothing
from scripts.catalogue.answers import AnswerPage
from scripts.catalogue.files.edit_front_matter import block_of, with_block
from scripts.project import ROOT

PATHS, PHRASES = "docs/paths.md", "tests/search.tsv"


def replaced(numbers: list[int], old: int, new: int) -> list[int]:
    """Return ``numbers`` with ``new`` in place of ``old``, each once."""
    return list(dict.fromkeys(new if number == old else number for number in numbers))


def edit(text: str, page: AnswerPage, old: AnswerPage, new: AnswerPage, today: str) -> str:
    """Return the text of ``page`` as it reads once ``new`` has replaced ``old``."""
    meta = page.meta
    related = replaced(list(meta.related), old.meta.id, new.meta.id)
    related = [number for number in related if number != meta.id]
    if related != meta.related:
        text = with_block(text, f"related: {related}\n")
    if meta.id == new.meta.id and not set(old.meta.notes) <= set(meta.notes):
        text = with_block(text, f"notes: {sorted({*meta.notes, *old.meta.notes})}\n")
    if old.meta.id in (meta.id, meta.replaced_by):
        text = with_block(text, f"replaced_by: {new.meta.id}\n")
    if meta.id == old.meta.id:
        changes = block_of(text, "changes")
        indent = (re.search(r"^ *(?=-)", changes, re.M) or [""])[0]
        entry = (
            f"{indent}- date: {today}\n{indent}  text: Retired; answer {new.meta.id} replaces it.\n"
        )
        text = with_block(text, changes.replace("\n", f"\n{entry}", 1))  # the newest first
    return text


def edit_paths(text: str, old: int, new: int) -> str:
    """Return the learning paths with ``new`` in place of ``old``, and once for each occasion."""
    lines, seen = [], set[int]()
    for line in text.splitlines(keepends=True):
        seen = set() if line.startswith("## ") else seen
        if ids := re.search(r"(?<=path\(\[)[\d, ]+(?=\]\))", line):
            numbers = replaced([int(number) for number in ids[0].split(",")], old, new)
            kept = ", ".join(str(number) for number in numbers if number not in seen)
            line = line[: ids.start()] + kept + line[ids.end() :]
            seen |= set(numbers)
        lines.append(line)
    return "".join(lines)


def edit_phrases(text: str, old: int, new: int) -> str:
    """Return the phrases of the search's test with ``new`` as the right answer in place of ``old``."""
    head, *lines = [line.split("\t") for line in text.splitlines()]
    for line in lines:
        line[1] = ",".join(map(str, replaced([int(n) for n in line[1].split(",")], old, new)))
    return "".join("\t".join(line) + "\n" for line in [head, *lines])


def retire(root: Path, number: int, by: int, today: datetime.date) -> list[str]:
    """Retire the answer ``number`` in favour of ``by``; return the pages whose text still links to it.

    Exits with one line, and changes nothing, where that cannot be done.
    """
    catalogue = load_or_exit(root)
    for given in (number, by):
        if given not in catalogue.living:
            sys.exit(f"{given} is no answer, or retired. `docs/` has the numbers, as `id`.")
    if number == by:
        sys.exit(f"{number} cannot replace itself. Name another answer with BY.")
    old, new = catalogue.answers[number], catalogue.answers[by]
    with all_or_nothing(root) as copy:
        for page in catalogue.answers.values():
            path = copy / page.file
            text = path.read_text(encoding="utf-8")
            path.write_text(edit(text, page, old, new, today.isoformat()), encoding="utf-8")
        for name, edit_list in {PATHS: edit_paths, PHRASES: edit_phrases}.items():
            text = edit_list((copy / name).read_text(encoding="utf-8"), number, by)
            (copy / name).write_text(text, encoding="utf-8")
        load_or_exit(copy)
    name = old.file.rpartition("/")[2]
    return [
        page.file
        for page in catalogue.living.values()
        if page is not old
        and re.search(rf"\]\(([^)]*/)?{re.escape(name)}", (root / page.file).read_text("utf-8"))
    ]


def main() -> int:
    """Retire an answer as the variables say that make passes; say what to do next."""
    number, by = arguments(os.environ, "make retire ID=7 BY=9")
    if not number.isdigit() or not by.isdigit():
        sys.exit("ID and BY are numbers of answers. Write, for example: make retire ID=7 BY=9")
    linking = retire(ROOT, int(number), int(by), datetime.date.today())
    print(f"Answer {number} is retired: its page says that {by} is read instead.")
    if linking:
        print("These pages still link to it in their text:", *linking, sep="\n  ")
    print("Next: see that the other answer covers what this one said, then run `make check`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
