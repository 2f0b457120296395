"""Which snippet tests `make check` runs."""

import subprocess
from pathlib import Path

import pytest

from scripts.authors.changed_files import changed_files, touched

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


def test_edited_and_new_files_are_changed(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True
        )

    git("init", "--initial-branch=main")
    for name in ("same", "edited"):
        (tmp_path / name).write_text("before", encoding="utf-8")
    git("add", ".")
    git("commit", "--message=first")
    (tmp_path / "edited").write_text("after", encoding="utf-8")
    (tmp_path / "new").write_text("", encoding="utf-8")
    assert changed_files(tmp_path) == {"edited", "new"}
