"""Read one page: heading and validated front matter, or what is wrong with them."""

import re
from pathlib import Path
from typing import Any, TypeVar

import frontmatter
import yaml
from pydantic import ValidationError

from scripts.front_matter import Answer, Closed
from scripts.problems import Problem

Meta = TypeVar("Meta", bound=Closed)


def read(
    root: Path, path: Path, model: type[Meta], problems: list[Problem]
) -> tuple[str, str, Meta] | None:
    """Read one page; return its name, title and validated front matter.

    Appends what is wrong to ``problems`` and returns ``None`` where the page cannot be used.
    """
    name = path.relative_to(root).as_posix()
    text = path.read_text(encoding="utf-8")
    try:
        post = frontmatter.loads(text)
    except yaml.YAMLError as error:
        line = (
            error.problem_mark.line + 2
            if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark
            else 1
        )
        problems.append(
            Problem(
                name,
                line,
                "the front matter is not valid YAML",
                "Quote values that hold `: ` or `#`.",
            )
        )
        return None
    heading = re.search(r"^# (.+?)\s*$", post.content, re.M)
    if not heading:
        problems.append(
            Problem(
                name,
                1,
                "the page has no heading",
                "Write the question as `# …?` under the front matter.",
            )
        )
        return None
    title = shown(heading[1])
    if model is Answer and not title.endswith("?"):
        line = text[: text.index(heading[0])].count("\n") + 1
        problems.append(
            Problem(
                name,
                line,
                f"the heading {title!r} is not a question",
                "End it with a question mark.",
            )
        )
    try:
        return name, title, model.model_validate(post.metadata)
    except ValidationError as error:
        for fault in error.errors():
            problems.append(explain(name, text, fault, model))
        return None


def shown(heading: str) -> str:
    """Return the text that a heading shows: no attributes, no signs of emphasis outside code."""
    parts = re.sub(r"\s*\{[^}]*\}$", "", heading).split("`")
    parts[::2] = [re.sub(r"\*+([^*]+)\*+", r"\1", part) for part in parts[::2]]
    return "".join(parts)


def explain(name: str, text: str, fault: Any, model: type[Closed]) -> Problem:
    """Turn one fault of pydantic into a problem with the line of the key in ``text``."""
    keys = [
        part for part in fault["loc"] if not str(part).startswith(("constrained-", "function-"))
    ]
    key = ".".join(str(part) for part in keys)
    if fault["type"] == "extra_forbidden":
        allowed = ", ".join(model.model_fields) if len(keys) == 1 else "see CONTRIBUTING.md"
        return Problem(
            name,
            line_of(text, keys),
            f"unknown key `{key}`",
            f"Allowed keys: {allowed}.",
        )
    if fault["type"] == "missing":
        return Problem(
            name,
            line_of(text, keys),
            f"the key `{key}` is missing",
            "Add it; CONTRIBUTING.md, “Front matter”, says what it holds.",
        )
    return Problem(
        name,
        line_of(text, keys),
        f"`{key}`: {fault['msg'][0].lower()}{fault['msg'][1:]}",
        f"It is {fault['input']!r:.60}.",
    )


def line_of(text: str, keys: list[Any]) -> int:
    """Return the line of the deepest of ``keys`` that the front matter of ``text`` has, from 1."""
    node = (
        yaml.compose(text.split("---\n")[1], Loader=yaml.SafeLoader)
        if text.startswith("---\n")
        else None
    )
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
