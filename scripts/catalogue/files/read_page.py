"""Read one page: heading and validated front matter, or what is wrong with them."""

import datetime
import re
from pathlib import Path
from typing import TypeVar

import frontmatter
import yaml
from pydantic import ValidationError

from scripts.catalogue.files.explain import explain, line_of
from scripts.catalogue.files.front_matter import Answer, Closed
from scripts.catalogue.files.problems import Problem, Problems

Meta = TypeVar("Meta", bound=Closed)
RULE = "Front matter"
QUESTION = re.compile(r"[^?!\n]{8,99}\?")
# A key of an item that stands there twice, a comment, and a value that YAML makes something of.
STRANGE = re.compile(
    r"^(?:  - |    )(\w+): .*\n(?:    .*\n)*?    \1: |^ *#|^[ -]*(?:\w+: +)?(?:[&*!]|[^\"'\n]* #(?! WRITE))",
    re.M,
)


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
