"""The workflows are safe to run on a stranger's pull request, and to publish from.

Each check is a function from a folder that holds ``.github`` to the problems it found. All of them
run on this repository, on a workflow without fault, and each on bad ones that it must refuse.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.catalogue.files.problems import Problem
from scripts.project import ROOT

BIN = Path(sys.executable).parent
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
RULE = "Files"  # the section of CONTRIBUTING.md


def workflows(root: Path) -> list[str]:
    """Return the workflows below ``root``, as paths relative to it."""
    files = sorted((root / ".github" / "workflows").glob("*.y*ml"))
    assert files, f"{root}: there is no workflow in .github/workflows to check"
    return [str(file.relative_to(root)) for file in files]


def run(root: Path, tool: str, *arguments: str) -> tuple[Any, str]:
    """Run ``tool`` in ``root``; return its JSON output (``None`` where there is none) and its errors."""
    result = subprocess.run(
        [BIN / tool, *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    return json.loads(result.stdout or "null"), result.stderr


def zizmor(root: Path) -> list[Problem]:
    findings, errors = run(
        root,
        "zizmor",
        "--offline",
        "--pedantic",
        "--strict-collection",
        "--quiet",
        "--format=json",
        ".github",
    )
    if findings is None:  # it stops at the first file that it cannot read
        reason = " ".join(errors.partition("Stack backtrace")[0].split())
        return [Problem(".github", 1, f"zizmor: {reason}", "Correct the file.", RULE)]
    return [
        Problem(
            location["symbolic"]["key"]["Local"]["verbatim_path"],
            location["concrete"]["location"]["start_point"]["row"] + 1,
            f"zizmor: {finding['desc']} ({location['symbolic']['annotation']})",
            f"{finding['url']} says what to do.",
            RULE,
        )
        for finding in findings
        for location in finding["locations"]
        if location["symbolic"]["kind"] == "Primary"
    ]


def actionlint(root: Path) -> list[Problem]:
    findings, errors = run(root, "actionlint", "-format={{json .}}", *workflows(root))
    assert findings is not None, f"actionlint did not run: {errors}"
    return [
        Problem(
            finding["filepath"],
            finding["line"],
            f"actionlint, {finding['kind']}: {finding['message']}",
            "Correct the workflow.",
            RULE,
        )
        for finding in findings
    ]


def documents(root: Path) -> Iterator[tuple[str, list[str], yaml.MappingNode]]:
    """Yield each workflow with its lines and its content; actionlint refuses what is none."""
    for file in workflows(root):
        text = (root / file).read_text(encoding="utf-8")
        try:
            content = yaml.compose(text)
        except yaml.YAMLError:
            continue
        if isinstance(content, yaml.MappingNode):
            yield file, text.splitlines(), content


def scalars(node: yaml.Node) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """Yield each text below ``node`` with the node that it leads to: a key's value, else itself."""
    match node:
        case yaml.ScalarNode():
            yield node, node
        case yaml.SequenceNode():
            for item in node.value:
                yield from scalars(item)
        case yaml.MappingNode():
            for key, value in node.value:
                yield key, value
                yield from scalars(value)


def default_permissions(root: Path) -> list[Problem]:
    return [
        Problem(
            file,
            1,
            "jobs get rights that they do not name",
            "Write `permissions: {}` at the top level, and what a job needs in the job.",
            RULE,
        )
        for file, _, content in documents(root)
        if not any(
            key.value == "permissions" and isinstance(value, yaml.MappingNode) and not value.value
            for key, value in content.value
        )
    ]


def privileged_triggers(root: Path) -> list[Problem]:
    return [
        Problem(
            file,
            key.start_mark.line + 1,
            "pull_request_target runs with the rights and secrets of this repository",
            "Use pull_request.",
            RULE,
        )
        for file, _, content in documents(root)
        for key, _ in scalars(content)
        if key.value == "pull_request_target"
    ]


def uses(root: Path) -> Iterator[tuple[str, int, str]]:
    """Yield file, line and action with its comment, which is no part of the value, of each step."""
    for file, lines, content in documents(root):
        for key, value in scalars(content):
            if key.value == "uses" and key is not value:
                mark = value.start_mark
                yield file, mark.line + 1, lines[mark.line][mark.column :]


def unpinned_actions(root: Path) -> list[Problem]:
    remedy = "Write owner/action@<the 40 digits of the commit> # vX.Y.Z."
    return [
        Problem(file, line, f"{action} is not pinned to a commit with its version", remedy, RULE)
        for file, line, action in uses(root)
        if not PINNED.fullmatch(action)
    ]


def disagreeing_pins(root: Path) -> list[Problem]:
    """Only GitHub can tell which commit a version is; but one commit has one version, and the reverse."""
    problems = []
    known: dict[tuple[str, str], tuple[str, str, int]] = {}
    for file, line, action in uses(root):
        name, _, rest = action.partition("@")
        commit, _, version = rest.partition(" # ")
        for one, other in ((commit, version), (version, commit)):
            first = known.setdefault((name, one), (other, file, line))
            if first[0] != other:
                fault = f"{name}: {one} is {first[0]} in {first[1]}:{first[2]}, and {other} here"
                remedy = "Look the version up in the action's repository, and write both the same."
                problems.append(Problem(file, line, fault, remedy, RULE))
    return problems


Check = Callable[[Path], list[Problem]]
CHECKS: list[Check] = [
    zizmor,
    actionlint,
    unpinned_actions,
    disagreeing_pins,
    default_permissions,
    privileged_triggers,
]

USES = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
STEP = f"""\
      - uses: {USES}
        with:
          persist-credentials: false
"""
GOOD = f"""\
name: Example
on:
  pull_request:
permissions: {{}}
concurrency:
  group: ${{{{ github.workflow }}}}-${{{{ github.ref }}}}
  cancel-in-progress: true
jobs:
  check:
    name: Check
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read # check out the repository
    steps:
{STEP}"""
# Check, what to replace in the good workflow, what by, and the line to name.
BAD: list[tuple[Check, str, str, int]] = [
    (zizmor, "          persist-credentials: false", "          fetch-depth: 0", 16),
    (zizmor, "pull_request:", "pull_request_target:", 3),
    (zizmor, "jobs:", "jobs: [", 1),
    (actionlint, "ubuntu-24.04", "ubuntu-1804", 11),
    (actionlint, "github.ref ", "github.reff ", 6),
    (actionlint, "jobs:", "jobs: [", 10),
    (actionlint, GOOD, "", 1),
    (actionlint, GOOD, "Example", 1),
    (unpinned_actions, USES, "actions/checkout@v7", 16),
    (unpinned_actions, USES, "actions/checkout@v7 # v7.0.1", 16),
    (unpinned_actions, USES, USES.partition(" #")[0], 16),
    (unpinned_actions, USES, USES.replace("v7.0.1", "v7"), 16),
    (unpinned_actions, f"uses: {USES}", '"uses": "actions/checkout@v7"', 16),
    (disagreeing_pins, STEP, STEP + STEP.replace("v7.0.1", "v7.0.2"), 19),
    (disagreeing_pins, STEP, STEP + STEP.replace("@3d3c", "@0000"), 19),
    (default_permissions, "permissions: {}\n", "", 1),
    (default_permissions, "permissions: {}", "permissions: read-all", 1),
    (default_permissions, "permissions: {}", "permissions: { pages: write }", 1),
    (privileged_triggers, "pull_request:", "pull_request_target:", 3),
    (privileged_triggers, "on:\n  pull_request:", "on: [pull_request_target]", 2),
    (privileged_triggers, "on:\n  pull_request:", "on: pull_request_target", 2),
]


def write_workflow(root: Path, text: str) -> None:
    file = root / ".github" / "workflows" / "example.yml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("check", CHECKS)
def test_workflows_of_this_repository_pass(check: Check) -> None:
    if problems := check(ROOT):
        pytest.fail("\n".join(map(str, problems)), pytrace=False)


@pytest.mark.parametrize("check", CHECKS)
def test_workflow_without_fault_passes(check: Check, tmp_path: Path) -> None:
    write_workflow(tmp_path, GOOD)
    assert check(tmp_path) == []


@pytest.mark.parametrize(("check", "old", "new", "line"), BAD)
def test_bad_workflow_is_refused_with_file_and_line(
    check: Check, old: str, new: str, line: int, tmp_path: Path
) -> None:
    assert GOOD.count(old) == 1
    write_workflow(tmp_path, GOOD.replace(old, new))
    problems = check(tmp_path)
    assert {problem.line for problem in problems} == {line}
    assert all(str(problem).startswith(".github") for problem in problems)
    assert not any("\n" in str(problem) for problem in problems)


def test_dependabot_without_a_cooldown_is_refused(tmp_path: Path) -> None:
    settings = (ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8")
    without = re.sub(r" +cooldown:\n.*\n", "", settings)
    assert without != settings
    write_workflow(tmp_path, GOOD)
    (tmp_path / ".github" / "dependabot.yml").write_text(without, encoding="utf-8")
    assert {p.file for p in zizmor(tmp_path)} == {".github/dependabot.yml"}
