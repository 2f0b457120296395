"""The rules on public code: what was found and read, and what the weekly run tells."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from scripts.rules.read_rules import read_rules
from scripts.rules.semgrep import Hit
from scripts.watch import ecosystem
from scripts.watch.ecosystem import Project, Recorded, differences, fetch, projects, recorded

GRAVE = ("security", "data loss", "outage")
BAR = {True: 0.95, False: 0.85}
DOCS = "fastapi/fastapi"


def test_of_the_hits_in_public_code_enough_are_right() -> None:
    severities = {rule.name: rule.findings[0].severity for rule in read_rules() if rule.body}
    hits, right = Counter[str](), Counter[str]()
    for entry in recorded():
        assert 0 <= entry.right <= entry.hits, entry
        hits[entry.rule] += entry.hits
        right[entry.rule] += entry.right
    assert set(hits) <= set(severities), "a rule that is gone: delete its lines"
    for rule, number in hits.items():
        bar = BAR[severities[rule] in GRAVE]
        assert right[rule] >= bar * number, f"{rule}: {right[rule]} of {number} hits are right"


def test_every_recorded_project_is_pinned() -> None:
    names = [project.name for project in projects()]
    assert len(names) == len(set(names)) >= 15
    assert {entry.project for entry in recorded()} <= set(names)
    assert all(len(project.commit) == 40 for project in projects())


def test_the_examples_of_fastapis_documentation_hold_nothing_that_is_right() -> None:
    assert DOCS in [project.name for project in projects()]
    assert all(entry.hits == entry.right for entry in recorded() if entry.project == DOCS)


def test_the_weekly_run_tells_what_differs() -> None:
    found = {"a/b": [Hit("x.py", 1, "one"), Hit("x.py", 2, "one")], "c/d": []}
    known = [
        Recorded("one", "a/b", 1, 1),
        Recorded("two", "c/d", 3, 3),
        Recorded("two", "e/f", 1, 1),
    ]
    assert list(differences(found, known)) == [
        "one in a/b: 2 hits, 1 recorded",
        "two in c/d: 0 hits, 3 recorded",
    ]
    assert list(differences({"e/f": [Hit("y.py", 1, "two")]}, known)) == []


def test_a_project_is_fetched_at_its_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "host" / "owner" / "name"
    source.mkdir(parents=True)
    git = ["git", "-C", str(source), "-c", "user.name=A", "-c", "user.email=a@example.com"]
    git += ["-c", "commit.gpgsign=false"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    for text in ("old", "new"):
        (source / "main.py").write_text(text, encoding="utf-8")
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", text], check=True)
    command = [*git, "rev-parse", "HEAD~1"]
    old = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    monkeypatch.setattr(ecosystem, "FOLDER", tmp_path / "cache")
    path = fetch(Project("owner/name", old, (".",)), (tmp_path / "host").as_uri())
    assert (path / "main.py").read_text(encoding="utf-8") == "old"
