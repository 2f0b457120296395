"""Semgrep, from a lock and in an environment of its own: what the rules find. It asks no server."""

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.project import ROOT
from scripts.releases.environment import CommandError, install, is_installed, run

FOLDER = ROOT / ".cache" / "semgrep"
SETTINGS = {
    "SEMGREP_SETTINGS_FILE": str(FOLDER / "settings.yml"),
    "SEMGREP_LOG_FILE": str(FOLDER / "semgrep.log"),
    "SEMGREP_ENABLE_VERSION_CHECK": "0",
}
"""Nothing of it is written outside of its folder."""
COMMAND = [
    "scan",
    "--metrics=off",
    "--disable-version-check",
    "--no-git-ignore",
    "--quiet",
    "--jobs=1",
]


@dataclass(frozen=True, order=True)
class Hit:
    """A line that a rule found."""

    file: str
    """Below the folder that was looked at."""
    line: int
    rule: str


def available() -> bool:
    """Tell whether the locked Semgrep is installed."""
    return is_installed("semgrep", FOLDER)


def scan(
    rules: str, folder: Path, targets: Sequence[str] = (".",), sarif: Path | None = None
) -> dict[str, Any]:
    """Return what Semgrep says of ``targets`` below ``folder`` with the text of a file of ``rules``.

    It writes the same as SARIF into a file, where one is named, as code scanning reads it.

    Files are looked at even where git ignores them, below folders all but tests. Raises ``CommandError``
    where a rule is none.
    """
    programs = install("semgrep", FOLDER)
    with tempfile.TemporaryDirectory() as made:
        config, output = Path(made, "rules.yml"), Path(made, "output")
        config.write_text(rules, encoding="utf-8")
        command: list[str | Path] = [programs / "semgrep", *COMMAND, f"--config={config}", "--json"]
        command += [f"--sarif-output={sarif}"] if sarif else []
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        try:
            run([*command, f"--output={output}", *targets], folder, {"PATH": path, **SETTINGS})
        except CommandError as error:
            said = json.loads(output.read_text(encoding="utf-8")) if output.exists() else {}
            told = [fault.get("message", "") for fault in said.get("errors", [])]
            raise CommandError("\n".join(filter(None, told)) or str(error)) from error
        content: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return content


def hits(
    rules: str, folder: Path, targets: Sequence[str] = (".",), sarif: Path | None = None
) -> list[Hit]:
    """Return the lines that the rules find, in order; raise ``CommandError`` where a rule is none."""
    found = scan(rules, folder, targets, sarif)["results"]
    return sorted(
        {
            Hit(hit["path"], hit["start"]["line"], hit["check_id"].rpartition(".")[2])
            for hit in found
        }
    )
