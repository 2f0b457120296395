"""What checks and publishes is described in full: whatever a workflow does beyond it is refused.

The parts of a workflow are paths, like ``jobs.check.steps.2.run``. zizmor, actionlint and the checks of
the pins (``tests/validation/test_workflows.py``) look at the same files.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.tables import read_rows
from scripts.validation.rules import files, line_at, read, rule

PARTS, KEPT = "data/workflows.tsv", "data/kept.tsv"
RUN = re.compile(r"jobs\.\w+\.steps\.\d+\.run")
# How the lines of a step begin; none installs or fetches what no lock names, but the distribution's servers.
COMMAND = re.compile(
    r"(?!.*\b(curl|eval|npm|npx|pip|wget|GITHUB_(ENV|PATH))\b)\s*"
    r"(#|make |bash \.ci/run|cd \.cache/before && |cat |echo |\{ echo "
    r"|\.venv/bin/python -m scripts\.|end=|number=|if \[|elif \[|else|fi|gh issue "
    r"|sudo sysctl --quiet --write kernel\.apparmor).*|\s*"
    r"|sudo apt-get update -qq"
    r"|sudo apt-get install -y -qq --no-install-recommends( (nginx-light|postgresql|redis-server))+"
)
FORGIVEN = re.compile(r"\|\|\s*(true|:|exit 0)|;\s*(true|exit 0)\b|set \+e|^\t@?-[^-\n]*", re.M)


def leaves(node: yaml.Node, path: str = "") -> Iterator[tuple[str, str, int]]:
    """Yield path, text and line, from 1, of each value below a node; an empty table is one as well."""
    if isinstance(node, yaml.MappingNode) and node.value:
        for key, value in node.value:
            yield from leaves(value, f"{path}.{key.value}".lstrip("."))
    elif isinstance(node, yaml.SequenceNode) and node.value:
        for number, value in enumerate(node.value):
            yield from leaves(value, f"{path}.{number}")
    else:
        is_block = isinstance(node, yaml.ScalarNode) and node.style == "|"
        text = node.value if isinstance(node, yaml.ScalarNode) else "{}"
        yield path, text, node.start_mark.line + 1 + is_block


@rule("Files")
def workflows_do_what_is_described(root: Path) -> Iterator[Problem]:
    remedy = f"Leave it out, or describe it in {PARTS}."
    described = [row.cells for row in read_rows(root, PARTS, columns=2)]
    for name in files(root, ".github"):
        if not name.startswith(".github/workflows/"):
            continue
        try:
            parts = list(leaves(yaml.compose(read(root, name)) or yaml.ScalarNode("", "")))
        except yaml.YAMLError:
            continue  # actionlint says where
        for path, text, line in parts:
            if RUN.fullmatch(path):
                for number, command in enumerate(text.splitlines(), line):
                    if not COMMAND.fullmatch(command):
                        fault = f"{command.strip():.60} is no command of a workflow"
                        yield Problem(name, number, fault, remedy)
            elif not any(
                re.fullmatch(where, path) and re.fullmatch(what, text) for where, what in described
            ):
                yield Problem(name, line, f"{path} is {text!r:.60}", remedy)


@rule("Files")
def every_check_decides(root: Path) -> Iterator[Problem]:
    kept = {row.cells[0]: row.cells[1] for row in read_rows(root, KEPT, columns=2)}
    for name in files(root, ".ci", ".github", "Makefile", "pyproject.toml"):
        if not name.startswith((".ci/", ".github/workflows/", "Makefile")) and name not in kept:
            continue
        text = read(root, name)
        forgiven = list(FORGIVEN.finditer(text)) if not name.endswith("CODEOWNERS") else []
        for found in forgiven:
            fault = f"{found[0].strip()!r} lets a check fail unnoticed"
            yield Problem(name, line_at(text, found.start()), fault, "Delete it.")
        if not forgiven and name in kept and not re.search(kept[name], text):
            remedy = f"Restore what {KEPT} asks for."
            fault = "a check, a right or an owner is missing, or comes too late"
            yield Problem(name, 1, fault, remedy)
