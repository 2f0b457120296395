"""The lines of a block of highlighted code: a box for each, and a mark on those that count."""

import difflib
import html
import re

from scripts.catalogue.findings import Finding

TAG = re.compile(r"<[^>]+>")
DEEPEST = 32  # blanks that still indent the rest of a line that is too long
MOST_CHANGED = 0.8  # share of the lines; where more differ, none is marked


def plain_lines(code: str) -> list[str]:
    """Return the lines of highlighted code as text."""
    return [html.unescape(TAG.sub("", line)) for line in code.rstrip("\n").split("\n")]


def changed(wrong: list[str], right: list[str]) -> set[int]:
    """Return which lines of the right code, from 0, the wrong code has not; none where nearly all differ."""
    old, new = ([line.strip() for line in lines] for lines in (wrong, right))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    found = {
        number
        for tag, _, _, start, end in matcher.get_opcodes()
        if tag in ("insert", "replace")
        for number in range(start, end)
        if new[number]
    }
    return found if len(found) <= MOST_CHANGED * len(right) else set()


def marks(title: str, lines: list[str], findings: list[Finding]) -> tuple[str, set[int]]:
    """Return how lines of a block are marked, ``flag`` or ``ask``, and which, from 0."""
    text = "\n".join(lines).strip("\n")
    for finding in findings:
        if title == "Flag" and text == finding.wrong:
            return "flag", {n for n, line in enumerate(lines) if line.strip() == finding.flag}
        if title == "Ask for" and text == finding.right:
            return "ask", changed(finding.wrong.split("\n"), lines)
    return "", set()


def boxed(code: str, mark: str, marked: set[int]) -> str:
    """Return highlighted code with each line in a box, so that the rest of a long one goes on below it."""
    boxes = []
    for number, line in enumerate(code.rstrip("\n").split("\n")):
        text = html.unescape(TAG.sub("", line))
        deep = min(len(text) - len(text.lstrip(" ")), DEEPEST) // 2 * 2
        kinds = f"l l{deep}" if deep else "l"
        if number in marked:
            boxes.append(f'<mark class="{kinds} l--{mark}">{line}</mark>')
        else:
            boxes.append(f'<span class="{kinds}">{line}</span>')
    return "\n".join(boxes) + "\n"
