"""Annotations: in GitHub Actions, faults appear on their line of the pull request's diff."""

import os
import re
import sys

from scripts.catalogue.files.problems import Problems
from scripts.project import ROOT

# What checks and linters print: ``file:line: message``, some with the column after the line.
FAULT = re.compile(r"^(?P<file>[\w./-]+):(?P<line>\d+):(?:\d+:)? (?P<message>.+)$", re.M)
END = re.compile(r"(?<=:\d: |\d\d: )[\w.]+$", re.M)  # of a traceback: ``file:line: AssertionError``
EXPLANATION = "note: "  # mypy's, of the line above
IN_TEXT = "%\r\n"
IN_PROPERTY = f"{IN_TEXT}:,"


def in_actions() -> bool:
    """Tell whether this is a run of GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def tell(problems: Problems) -> None:
    """Print ``problems``, in GitHub Actions as annotations too."""
    print(problems, file=sys.stderr)
    if in_actions():
        print(*annotations(str(problems)), sep="\n", flush=True)


def escaped(text: str, signs: str) -> str:
    """Return ``text`` with ``signs`` as workflow commands want them: as the per cent code of each."""
    return "".join(f"%{ord(sign):02X}" if sign in signs else sign for sign in text)


def with_reason(text: str) -> str:
    """Return a traceback of pytest with the reason in the line that names the place; other text as it is."""
    reason = re.search(r"^E +(.+)$", text, re.M)
    return END.sub(lambda _: reason[1], text) if reason else text


def annotations(text: str) -> list[str]:
    """Return a workflow command for each different line of ``text`` that names a fault's file and line.

    The first sentence is the title. See GitHub's documentation of workflow commands, ``error``; the
    escapes are those of its toolkit.
    """
    commands = []
    for fault in FAULT.finditer(text):
        message = fault["message"].removeprefix("error: ")
        if message.startswith(EXPLANATION) or not (ROOT / fault["file"]).exists():
            continue
        title, _, rest = message.partition(". ")
        place = {"file": fault["file"], "line": fault["line"], "title": title}
        properties = ",".join(f"{key}={escaped(place[key], IN_PROPERTY)}" for key in place)
        commands.append(f"::error {properties}::{escaped(rest or message, IN_TEXT)}")
    return list(dict.fromkeys(commands))
