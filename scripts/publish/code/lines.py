"""The lines of a block of highlighted code: a box for each, and a mark on those that count."""

import difflib
import html
import re

from scripts.catalogue.finding import Finding

TAG = re.compile(r"<[^>]+>")
DEEPEST = 32  # blanks that still indent the rest of a line that is too long
MOST_CHANGED = 0.8  # share of the lines; where more differ, none is marked
ROOM = 32  # letters, indentation included, that stand in a line on a small phone
RUN = re.compile(r"\S+")
SIGN = re.compile(r"""(?<=[(\[{.,:=/])(?=[\w"'])""")  # where code that has no blank is best broken
JOINT = re.compile(r"(?<=_)(?=\w)|(?<=[a-z])(?=[A-Z])")  # and a name, where it alone is too long
INDENTATION = re.compile(r'^<span class="w">( +)</span>|^( +)')
PIECE = re.compile(r"<[^>]+>|&\w+;|&#\w+;|.", re.S)


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


def breaks(run: str, room: int, name_room: int) -> set[int]:
    """Return where a run of letters without a blank may be broken: after a sign where it has no ``room``.

    A name in it that is longer than ``name_room`` may be broken between its words.
    """
    places = set[int]()
    start = 0
    for part in SIGN.split(run) if len(run) > room else []:
        places.add(start)
        if len(part) > name_room:
            places |= {start + joint.start() for joint in JOINT.finditer(part)}
        start += len(part)
    return places - {0}


def with_breaks(markup: str, room: int, name_room: int) -> str:
    """Return a line of code, highlighted or not, with all places at which it may be broken."""
    text = html.unescape(TAG.sub("", markup))
    places = {
        run.start() + place
        for run in RUN.finditer(text)
        for place in breaks(run[0], room, name_room)
    }
    pieces, at = [], 0
    for piece in PIECE.findall(markup) if places else [markup]:
        if not piece.startswith("<"):
            pieces.append("<wbr>" if at in places else "")
            at += 1
        pieces.append(piece)
    return "".join(pieces)


def boxed(code: str, mark: str, marked: set[int]) -> str:
    """Return highlighted code with each line in a box, so that the rest of a long one goes on below it."""
    boxes = []
    for number, line in enumerate(code.rstrip("\n").split("\n")):
        text = html.unescape(TAG.sub("", line))
        indent = len(text) - len(text.lstrip(" "))
        if len(text) > ROOM:
            line = with_breaks(line, ROOM - indent, ROOM - indent)
            line = INDENTATION.sub(r'<span class="i">\1\2</span>', line)  # stays with what follows
        deep = min(indent, DEEPEST) // 2 * 2
        kinds = f"l l{deep}" if deep else "l"
        if number in marked:
            boxes.append(f'<mark class="{kinds} l--{mark}">{line}</mark>')
        else:
            boxes.append(f'<span class="{kinds}">{line}</span>')
    return "\n".join(boxes) + "\n"
