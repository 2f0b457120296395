"""What checks and publishes is described, value by value: what differs, is gone or comes on top is refused.

``data/settings.tsv`` names each value by its path, like ``jobs.check.steps.2.run`` or ``tool.mypy.strict``.
So who weakens a check changes two files, and their owners are asked. zizmor, actionlint and the checks of
the pins (``tests/validation/test_workflows.py``) look at workflows too.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from scripts.catalogue.files.problems import Problem, Problems
from scripts.catalogue.files.tables import read_rows
from scripts.validation.rules import line_at, names, read, rule

SETTINGS = "data/settings.tsv"
# The commit of an action moves with its releases; that it is one, with its version beside it, is tested.
COMMIT = re.compile(r"(?<=@)[0-9a-f]{40}$")
Part = tuple[str, str, int]
"""The path of a value, its text, and its line from 1."""


def is_word(node: yaml.Node) -> bool:
    """Tell whether a node of YAML is a single value."""
    return isinstance(node, yaml.ScalarNode)


def of_yaml(node: yaml.Node, path: str = "") -> Iterator[Part]:
    """Yield each value below a node of YAML; a list of words is one, and each line of a command."""
    if isinstance(node, yaml.MappingNode) and node.value:
        for key, value in node.value:
            yield from of_yaml(value, f"{path}.{key.value}".lstrip("."))
    elif isinstance(node, yaml.SequenceNode) and not all(map(is_word, node.value)):
        for number, value in enumerate(node.value):
            yield from of_yaml(value, f"{path}.{number}")
    elif isinstance(node, yaml.ScalarNode) and node.style == "|":
        for number, line in enumerate(node.value.splitlines(), node.start_mark.line + 2):
            yield path, line, number
    else:
        words = node.value if isinstance(node, yaml.SequenceNode) else [node]
        text = " ".join(str(word.value or "") for word in words)
        yield path, COMMIT.sub("…", text), node.start_mark.line + 1


def of_toml(text: str) -> Iterator[Part]:
    """Yield each value of TOML; the n-th of a name stands where that name is set the n-th time."""
    places: dict[str, Iterator[re.Match[str]]] = {}

    def below(value: Any, path: str, key: str) -> Iterator[Part]:
        if isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], dict)):
            for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
                yield from below(inner, f"{path}.{name}".lstrip("."), str(name))
            return
        pattern = rf'^[^#=\n]*?(?<![\w-])"?{re.escape(key)}"? *='
        found = next(places.setdefault(key, re.finditer(pattern, text, re.M)), None)
        words = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        yield path, words, line_at(text, found.start()) if found else 1

    yield from below(tomllib.loads(text), "", "")


def of_lines(text: str, described: set[str]) -> Iterator[Part]:
    """Yield what each line says, by its first word; of a Makefile the ``described`` targets."""
    target = ""
    for number, line in enumerate(text.splitlines(), 1):
        head = re.match(r"[^\s:=#]+:(?!=)", line)
        target = head[0] if head else target if line.startswith("\t") else ""
        name, _, value = (target, "", line.removeprefix(target)) if target else line.partition(" ")
        if name not in ("", "#") and (not target or target[0] == "." or target in described):
            yield name, value.partition(" ## ")[0].strip(), number


def parts_of(name: str, text: str, described: set[str]) -> list[Part]:
    """Return the parts of a file in its order; raise ``Problems`` where it cannot be read."""
    try:
        if name.endswith(".toml"):
            return list(of_toml(text))
        if name.endswith((".json", ".yaml", ".yml")):
            return list(of_yaml(yaml.compose(text) or yaml.ScalarNode("", "")))
    except (tomllib.TOMLDecodeError, yaml.YAMLError, IndexError) as error:
        line = re.search(r"line (\d+)", str(error))
        fault = "its form is not that of such a file, or a list is empty"
        problem = Problem(name, int(line[1]) if line else 1, fault, "Correct it.")
        raise Problems([problem]) from None
    return list(of_lines(text, described))


def difference(name: str, parts: list[Part], rows: list[tuple[str, str]]) -> Iterator[Problem]:
    """Yield the first difference between a file and its description."""
    found = [(path, text) for path, text, _ in parts]
    at = next(
        (n for n, pair in enumerate(zip(found, rows, strict=False)) if pair[0] != pair[1]), -1
    )
    if found == rows:
        return
    at = min(len(found), len(rows)) if at < 0 else at
    path, text, line = parts[min(at, len(parts) - 1)]
    wanted = rows[at] if at < len(rows) else None
    plain = re.compile(r"\.\d+(?=\.|$)")  # a step more or less moves those below it
    known, there = ({(plain.sub("", key), its) for key, its in all_} for all_ in (rows, found))
    is_known = at < len(found) and (plain.sub("", path), text) in known
    is_gone = wanted is not None and (plain.sub("", wanted[0]), wanted[1]) not in there
    if wanted and is_gone and (is_known or at == len(found)):
        fault, remedy = f"{wanted[0]} {wanted[1]}".strip() + " is missing here", "Restore it"
    elif wanted and path == wanted[0] and (is_gone or len(parts) == len(rows)):
        old, new = wanted[1].split(), text.split()
        changed = [f"-{word}" for word in old if word not in new]
        changed += [f"+{word}" for word in new if word not in old]
        fault, remedy = f"{path} differs ({' '.join(changed):.90})", "Restore it"
    elif is_known:
        fault, remedy = f"{path} stands in another place, or twice", "Restore the order"
    else:
        fault, remedy = f"{path} is {text!r:.90}", "Leave it out"
    yield Problem(name, line, fault, f"{remedy}, or describe it in {SETTINGS}.")


@rule("Files")
def settings_are_those_that_are_described(root: Path) -> Iterator[Problem]:
    described: dict[str, list[tuple[str, str]]] = {}
    for row in read_rows(root, SETTINGS, columns=3):
        name, path, value = row.cells
        described.setdefault(name, []).append((path, value))
    for name, rows in described.items():
        if name in names(root) or "Makefile" in names(root):  # there is none in an archive
            parts = parts_of(name, read(root, name), {path for path, _ in rows})
            yield from difference(name, parts, rows)
