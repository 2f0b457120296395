"""What checks and publishes is described in full: whatever a workflow does beyond it is refused.

The parts of a workflow are paths, like ``jobs.check.steps.2.run``. zizmor, actionlint and the checks of
the pins (``tests/validation/test_workflows.py``) look at the same files.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from scripts.catalogue.problems import Problem
from scripts.validation.rules import files, line_at, read, rule

JOB, STEP = r"jobs\.\w+", r"jobs\.\w+\.steps\.\d+"
# How the lines of a step begin; none of them installs or fetches what no lock names.
COMMAND = re.compile(
    r"(?!.*\b(curl|eval|npm|npx|pip|wget)\b)\s*(#|make |bash \.ci/run|cd \.cache/before && |cat |echo "
    r"|\{ echo |\.venv/bin/python -m scripts\.|end=|number=|if \[|elif \[|else|fi|gh issue "
    r"|sudo sysctl --quiet --write kernel\.apparmor).*|\s*"
)
PARTS = {  # paths of a workflow, and what may stand there
    rf"name|{JOB}\.name|{STEP}\.(name|id)|({JOB}\.)?concurrency\.(group|cancel-in-progress)": ".*",
    r"on\.(pull_request|workflow_dispatch)": "",
    r"on\.push\.branches\.0": "main",
    r"on\.schedule\.0\.cron": r"[\d *]+",
    r"permissions": r"\{\}",
    rf"{JOB}\.runs-on": r"ubuntu-24\.04",
    rf"{JOB}\.timeout-minutes|{STEP}\.with\.retention-days": r"\d+",
    r"jobs\.check\.permissions\.contents": "read",
    r"jobs\.publish\.permissions\.(pages|id-token)|jobs\.report\.permissions\.issues": "write",
    r"jobs\.(publish|report)\.needs": "check",
    r"jobs\.publish\.if": r"github\.ref == 'refs/heads/main' && github\.event\.repository\.has_pages",
    rf"{STEP}\.if": r"\$\{\{ !cancelled\(\) && github\.event_name == 'pull_request' \}\}"
    r"|github\.ref == 'refs/heads/main'",
    rf"{JOB}\.(outputs|environment|env)\.\w+|{STEP}\.env\.SITE_URL": ".*",
    rf"{STEP}\.uses": r"actions/(checkout|deploy-pages|setup-python|upload-(pages-)?artifact)@[0-9a-f]{40}",
    rf"{STEP}\.with\.(fetch-depth|if-no-files-found|name|path|python-version|ref)": r"[\s\S]*",
    rf"{STEP}\.with\.persist-credentials": "false",
}
# What every change has to keep, as regular expressions, by file.
KEPT = {
    ".ci/run": r"\nset -euo pipefail\n[\s\S]*\nexec make test\n\Z",
    ".github/workflows/site.yml": r"\npermissions: \{\}\n[\s\S]*\n      - name: [^\n]+\n"
    r"        run: bash \.ci/run\n[\s\S]*upload-pages-artifact@[\s\S]*\n  publish:\n"
    r"[\s\S]*\n    needs: check\n",
    ".github/workflows/versions.yml": r"\n      - name: [^\n]+\n        run: make versions\n",
    ".github/CODEOWNERS": r"\n\* +@[\s\S]*\n/\.github/ +@[\s\S]*\n/scripts/ +@[\s\S]*\n/tests/ +@",
    "Makefile": r"\ntest: [^\n]*\n(\t[^\n]*\n)*\t@\$\(BIN\)/python -m pytest \$\(PYTEST\)\n",
}
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
    remedy = "Leave it out, or describe it in scripts/validation/files/workflows.py."
    for name in files(root, ".github"):
        if not name.startswith(".github/workflows/"):
            continue
        try:
            parts = list(leaves(yaml.compose(read(root, name)) or yaml.ScalarNode("", "")))
        except yaml.YAMLError:
            continue  # actionlint says where
        for path, text, line in parts:
            if re.fullmatch(rf"{STEP}\.run", path):
                for number, command in enumerate(text.splitlines(), line):
                    if not COMMAND.fullmatch(command):
                        fault = f"{command.strip():.60} is no command of a workflow"
                        yield Problem(name, number, fault, remedy)
            elif not any(
                re.fullmatch(where, path) and re.fullmatch(what, text)
                for where, what in PARTS.items()
            ):
                yield Problem(name, line, f"{path} is {text!r:.60}", remedy)


@rule("Files")
def every_check_decides(root: Path) -> Iterator[Problem]:
    for name in files(root, ".ci", ".github", "Makefile"):
        if not name.startswith((".ci/", ".github/workflows/", "Makefile")) and name not in KEPT:
            continue
        text = read(root, name)
        forgiven = list(FORGIVEN.finditer(text)) if not name.endswith("CODEOWNERS") else []
        for found in forgiven:
            fault = f"{found[0].strip()!r} lets a check fail unnoticed"
            yield Problem(name, line_at(text, found.start()), fault, "Delete it.")
        if not forgiven and name in KEPT and not re.search(KEPT[name], text):
            remedy = "Restore what scripts/validation/files/workflows.py asks for."
            fault = "a check, a right or an owner is missing, or comes too late"
            yield Problem(name, 1, fault, remedy)
