"""What is wrong with front matter that its models refuse, where it stands, and what to do."""

import difflib
import functools
import re
from collections.abc import Iterable
from typing import Any

import yaml

from scripts.catalogue.files.front_matter import Change, Closed, Correction, Source
from scripts.catalogue.files.texts import PATTERNS

INNER: dict[str, type[Closed]] = {"sources": Source, "corrections": Correction, "changes": Change}
"""The models of the lists in the front matter of an answer."""
HINTS = {
    "string_type": " Put it in quotes.",
    "date_type": " Write it like 2026-11-24, without quotes.",
}
"""What else to do about a fault of pydantic, by its type."""


def shortened(text: str) -> str:
    """Return the beginning and the end of a long text."""
    return text if len(text) < 100 else f"{text[:30]}…{text[-60:]}"


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
    what = f"has {len(value)} characters" if is_long else f"is {shortened(repr(value))}"
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
