"""The linters: what they say about the project, a line for each fault."""

import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from scripts.catalogue.files.annotations import FAULT

BIN = Path(sys.executable).parent
CONCISE = ["--quiet", "--output-format", "concise"]  # one line for each fault, with file and line
PROSE = ["docs", "README.md", "CONTRIBUTING.md", ".github/SECURITY.md"]
LINTERS = {
    "the Python code follows the rules": ["ruff", "check", *CONCISE, "."],
    "the Python code is formatted": ["ruff", "format", "--check", *CONCISE, "."],
    "the Markdown is well formed": ["rumdl", "check", "--quiet", "."],
    "the words are spelt right": ["codespell", *PROSE],
    "the types are right": ["mypy", "--no-error-summary", "scripts", "snippets", "tests"],
}
OXLINT = [
    "oxlint",
    "--config=scripts/authors/oxlint.json",
    "--format=unix",
    "--disable-unicorn-plugin",
    "--import-plugin",
]
if (BIN / OXLINT[0]).exists():  # there is none for Linux on ARM
    LINTERS["the scripts of the pages are right"] = [*OXLINT, "docs/assets"]
# What oxlint says without a remedy, by its rule.
RULE = re.compile(r"\.? \[Error(/\w+\(([\w-]+)\))?\]$")
KNOWN = "scripts/authors/oxlint.json lists what scripts may use of the browser."
REMEDIES = {
    None: ". Correct the syntax.",
    "no-undef": f". Correct the name; {KNOWN}",
    "no-restricted-properties": f". Do without it; {KNOWN}",
    "no-console": ". Delete it; `console.warn` and `console.error` tell a reader of a fault.",
    "named": ". Export it there, or correct the name.",
    "no-debugger": ". Delete it.",
    "no-eval": ". Write the code itself.",
    "no-new-func": ". Write a function.",
    "no-script-url": ". Link to a page of the site.",
    "no-unused-vars": " Delete it.",
}
HAS_REMEDY = re.compile(
    r"\[\*\]|invalid-syntax|CONTRIBUTING|\b(add|consider|delete|instead|move|prefer|remove|replace|use)\b",
    re.I,
)
OF_RUFF = re.compile(r"^\S+:\d+:\d+: ([A-Z]+\d+) ")
OF_MYPY = re.compile(r"(?<=: error: )(.+?)\.?  \[([\w-]+)\]$")
OF_TYPES = {
    "attr-defined": "Correct the name, or narrow the type with `isinstance` or `assert`.",
    "call-arg": "Call it as it is defined.",
    "import-not-found": "Correct the name: the project has what requirements/*.in list.",
    "import-untyped": "Use a package that has types.",
    "name-defined": "Correct the name, or import it.",
    "no-untyped-call": "Annotate the function that is called.",
    "no-untyped-def": "Annotate each parameter and the result.",
    "truthy-bool": "Compare it with what it has to be.",
    "truthy-function": "Call it.",
    "truthy-iterable": "Compare it with what it has to be.",
    "type-arg": "Name the types of its parts in brackets.",
    "union-attr": "Narrow the type first, with `isinstance` or `assert`.",
    "unreachable": "Delete it, or what ends before it.",
    "unused-coroutine": "Await it.",
    "unused-ignore": "Delete the comment.",
}
OF_OTHER_TYPES = "Give what the type asks for, or correct the annotation."
TYPES = LINTERS["the types are right"]
REPAIRABLE = re.compile(r"^(.*(?: \[\*\]|: unformatted: ).*?)\.?$")
MISSPELT = re.compile(r"(?<=: )(\S+) ==> (.+)$")
BROKEN = "invalid-syntax"  # of which the other linters say no more
Process = subprocess.Popen[str]


def start(command: list[str], root: Path) -> Process:
    """Start a linter in ``root``."""
    arguments = [str(BIN / command[0]), *command[1:]]
    pipe = subprocess.PIPE
    return subprocess.Popen(arguments, cwd=root, stdout=pipe, stderr=subprocess.STDOUT, text=True)


def lines(process: Process) -> list[str]:
    """Return what a linter printed, with what to do; nothing where it found no fault."""
    output = process.communicate()[0].strip()
    found = output.splitlines() if process.returncode else []
    found = [line for line in found if not re.fullmatch(r"(\d+ problems?)?| {8}.*", line)]
    return [with_remedy(line) for line in found]


def with_remedy(line: str) -> str:
    """Return what a linter says with what to do, where it does not say so itself."""
    if (code := OF_RUFF.match(line)) and not HAS_REMEDY.search(line):
        return f"{line.rstrip('.')}. `{BIN.parent.name}/{BIN.name}/ruff rule {code[1]}` says what to do."
    line = OF_MYPY.sub(
        lambda fault: f"{fault[1]}. {OF_TYPES.get(fault[2], OF_OTHER_TYPES)} [{fault[2]}]", line
    )
    line = RULE.sub(lambda rule: REMEDIES.get(rule[2], rule[0]), line)
    line = MISSPELT.sub(r"“\1” is misspelt. Write \2; a name is code.", line)
    return REPAIRABLE.sub(r"\1. Run `make fix`, which repairs it.", line)


def types(process: Process, changed: Collection[str], targets: list[str], root: Path) -> list[str]:
    """Return what mypy printed.

    Where it finds no fault in what was changed, its cache may be of other files: it runs again without.
    """
    found = lines(process)
    if any(place and place["file"] in changed for place in map(FAULT.match, found)) or not found:
        return found
    shutil.rmtree(root / ".mypy_cache", ignore_errors=True)
    return lines(start([*TYPES[:2], *targets], root))


def lint(root: Path, changed: Collection[str], targets: list[str]) -> Iterator[str]:
    """Yield what the linters say, of each line of a file only the first; mypy looks at ``targets``."""
    commands = [command for command in LINTERS.values() if command is not TYPES]
    processes = [start(command, root) for command in commands]
    typed = start([*TYPES[:2], *targets], root) if targets else None
    found = [lines(process) for process in processes]
    if typed:
        found.append(types(typed, changed, targets, root))
    told: set[tuple[str, str]] = set()
    for line in (line for printed in found for line in printed):
        place = FAULT.match(line)
        if place and {(place["file"], ""), (place["file"], place["line"])} & told:
            continue
        if place:
            told.add((place["file"], "" if BROKEN in line else place["line"]))
        yield line
