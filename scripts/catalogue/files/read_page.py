"""Read one page: heading and validated front matter, or what is wrong with them."""

import datetime
import difflib
import functools
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import frontmatter
import yaml
from pydantic import ValidationError

from scripts.catalogue.files.front_matter import (
    PATTERNS,
    Answer,
    Change,
    Closed,
    Correction,
    Source,
)
from scripts.catalogue.files.problems import Problem, Problems

Meta = TypeVar("Meta", bound=Closed)
RULE = "Front matter"
QUESTION = re.compile(r"[^?!\n]{8,99}\?")
# A key of an item that stands there twice, a comment, and a value that YAML makes something of.
STRANGE = re.compile(
    r"^(?:  - |    )(\w+): .*\n(?:    .*\n)*?    \1: |^ *#|^[ -]*(?:\w+: +)?(?:[&*!]|[^\"'\n]* #(?! WRITE))",
    re.M,
)
INNER: dict[str, type[Closed]] = {"sources": Source, "corrections": Correction, "changes": Change}
"""The models of the lists in the front matter of an answer."""
HINTS = {
    "string_type": " Put it in quotes.",
    "date_type": " Write it like 2026-11-24, without quotes.",
}
"""What else to do about a fault of pydantic, by its type."""


def read(
    root: Path, path: Path, model: type[Meta], problems: list[Problem]
) -> tuple[str, str, Meta] | None:
    """Read one page; return its name, title and validated front matter.

    Appends what is wrong to ``problems`` and returns ``None`` where the page cannot be used.
    """
    name = path.relative_to(root).as_posix()
    try:
        text, post = parse(name, path)
    except Problems as found:
        problems += found.problems
        return None
    keys = re.findall(r"^(\w+):", text.split("\n---", 1)[0], re.M)
    for key in {key for key in keys if keys.count(key) > 1}:
        fault = f"the key `{key}` stands there twice"
        problems.append(Problem(name, line_of(text, [key]), fault, "Keep one of them.", RULE))
    for strange in STRANGE.finditer(text.split("\n---", 1)[0]):
        line = text.count("\n", 0, strange.end()) + 1
        fault = "the front matter holds more than plain keys and values"
        remedy = (
            "Write each key once, without comments, tags and anchors; quote a value with signs."
        )
        problems.append(Problem(name, line, fault, remedy, RULE))
    heading = re.search(r"^# (.+?)\s*$", post.content, re.M)
    if not heading:
        remedy = "Write the question as `# …?` under the front matter."
        problems.append(Problem(name, 1, "the page has no heading", remedy, "The page"))
        return None
    title = shown(heading[1])
    if model is Answer and not QUESTION.fullmatch(title):
        line = text[: text.index(heading[0])].count("\n") + 1
        fault = f"the heading {title!r} is not a question"
        remedy = "Write one, of at most 100 characters, and end it with a question mark."
        problems.append(Problem(name, line, fault, remedy, "The page"))
    try:
        return name, title, model.model_validate(post.metadata)
    except ValidationError as error:
        faults = [Problem(name, *explain(text, fault, model), RULE) for fault in error.errors()]
        meant = {problem.remedy.split()[1] for problem in faults if "unknown key" in problem.fault}
        # What is only misspelled is not missing.
        problems += [p for p in faults if f"{p.fault.split()[2]}," not in meant]
        return None


def parse(name: str, path: Path) -> tuple[str, frontmatter.Post]:
    """Return the text of a page, and its front matter and body; raise ``Problems`` where it has none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        post = frontmatter.loads(text)
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        problem = Problem(name, line, "the file is not UTF-8", "Save it as UTF-8.", "Files")
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        line, fault = mark.line + 1 if mark else 1, "the front matter is not valid YAML"
        problem = Problem(name, line, fault, "Quote values that hold `: ` or `#`.", RULE)
    except ValueError as error:  # of what YAML takes for a date
        fault = f"the date does not exist: {error}"
        problem = Problem(name, wrong_date(text), fault, "Correct it.", RULE)
    else:
        if post.metadata:
            return text, post
        remedy = "Begin it with a line `---`, the keys, and another line `---`."
        problem = Problem(name, 1, "the page has no front matter", remedy, RULE)
    raise Problems([problem])


def wrong_date(text: str) -> int:
    """Return the line, from 1, of the first date of ``text`` that does not exist."""
    for number, line in enumerate(text.splitlines(), 1):
        for date in re.findall(r"\d{4}-\d\d?-\d\d?", line):
            try:
                datetime.date(*map(int, date.split("-")))
            except ValueError:
                return number
    return 1


def shown(heading: str) -> str:
    """Return the text that a heading shows: no attributes, no signs of emphasis outside code."""
    parts = re.sub(r"\s*\{[^}]*\}$", "", heading).split("`")
    parts[::2] = [re.sub(r"\*+([^*]+)\*+", r"\1", part) for part in parts[::2]]
    return "".join(parts)


def explain(text: str, fault: Any, model: type[Closed]) -> tuple[int, str, str]:
    """Return the line of the key in ``text``, what is wrong, and what to do, for one fault of pydantic."""
    keys = fault["loc"]
    key = ".".join(str(part) for part in keys)
    line = line_of(text, keys)
    if fault["type"] == "extra_forbidden":
        known = list((INNER.get(str(keys[0]), model) if len(keys) > 1 else model).model_fields)
        near = difflib.get_close_matches(str(keys[-1]), known, n=1)
        remedy = f"Write `{near[0]}`, or delete it." if near else "Delete it."
        return line, f"unknown key `{key}`", f"{remedy} Allowed keys: {', '.join(known)}."
    if fault["type"] == "missing":
        return line, f"the key `{key}` is missing", "Add it."
    value, context = fault["input"], fault.get("ctx", {})
    is_long = fault["type"] in ("string_too_long", "string_too_short")
    what = f"has {len(value)} characters" if is_long else f"is {value!r:.60}"
    if fault["type"] == "value_error":
        line = line_of(text, [*keys, *getattr(context["error"], "at", ())])
        return line, f"`{key}` does not fit", str(context["error"])
    remedy = re.sub(r"^\w+ should ", "It has to ", fault["msg"])
    remedy = PATTERNS.get(context.get("pattern"), f"{remedy}.{HINTS.get(fault['type'], '')}")
    return line, f"`{key}` {what}", remedy


@functools.lru_cache(maxsize=1)  # the faults of a page come one after the other
def front_matter_of(text: str) -> yaml.Node | None:
    """Return the front matter of a page with the places of its parts, or ``None`` where it has none."""
    if not text.startswith("---\n"):
        return None
    front_matter: yaml.Node | None = yaml.compose(text.split("---\n")[1], Loader=yaml.SafeLoader)
    return front_matter


def line_of(text: str, keys: Iterable[Any]) -> int:
    """Return the line of the deepest of ``keys`` that the front matter of ``text`` has, from 1."""
    node = front_matter_of(text)
    line = 1
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(key)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 2, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 2
    return line
