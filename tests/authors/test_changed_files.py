"""Which snippet tests `make check` runs."""

import subprocess
from pathlib import Path

import pytest

from scripts.authors.changed_files import changed_files, compared, touched

FOLDER = "snippets/concurrency/await"


@pytest.mark.parametrize(
    "file",
    [
        "docs/concurrency/await.md",
        "snippets/concurrency/await/output.txt",
        "snippets/concurrency/conftest.py",
        "snippets/conftest.py",
        "requirements/test.txt",
        "pyproject.toml",
    ],
)
def test_a_change_of_its_page_its_code_or_what_it_shares_touches_an_answer(file: str) -> None:
    assert touched(FOLDER, {"README.md", file})


@pytest.mark.parametrize(
    "file", ["README.md", "docs/concurrency/index.md", "snippets/concurrency/await_x/a.py"]
)
def test_another_change_does_not_touch_it(file: str) -> None:
    assert not touched(FOLDER, {file})


def git(root: Path, *arguments: str) -> None:
    """Run a git command in ``root``."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a repository with two committed files."""
    git(tmp_path, "init", "--initial-branch=main")
    for name in ("same", "edited"):
        (tmp_path / name).write_text("before", encoding="utf-8")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--message=first")
    return tmp_path


def test_edited_and_new_files_are_changed(project: Path) -> None:
    assert compared(project) == "the last commit, and there is no origin/main to compare with"
    (project / "edited").write_text("after", encoding="utf-8")
    (project / "new").write_text("", encoding="utf-8")
    assert changed_files(project) == {"edited", "new"}


def test_what_a_fork_has_on_its_own_main_still_differs_from_upstream(project: Path) -> None:
    git(project, "update-ref", "refs/remotes/upstream/main", "HEAD")
    (project / "edited").write_text("after", encoding="utf-8")
    git(project, "commit", "--all", "--message=second")
    git(project, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert changed_files(project) == {"edited"}
    assert compared(project) == "origin/main and upstream/main"
