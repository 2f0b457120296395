"""What is changed in one step or not at all."""

from pathlib import Path

import pytest

from scripts.authors import transaction
from scripts.authors.transaction import all_or_nothing, project_files
from tests.conftest import make_repository

BEFORE = {"a/b/one.py": b"one", "a/two.py": b"two", "three.txt": b"\xff\x00"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small repository."""
    for name, content in BEFORE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return make_repository(tmp_path)


def change(copy: Path) -> None:
    """Move, edit and add files."""
    (copy / "a/b/one.py").unlink()
    (copy / "c/d").mkdir(parents=True)
    (copy / "c/d/one.py").write_bytes(b"one")
    (copy / "a/two.py").write_bytes(b"edited")


def change_and_raise(root: Path, error: type[BaseException]) -> None:
    """Fail at the end of the block."""
    with all_or_nothing(root) as copy:
        change(copy)
        raise error


def folders(root: Path) -> set[str]:
    """Return the folders below ``root``."""
    return {str(path) for path in root.rglob("*") if path.is_dir() and ".git" not in path.parts}


def test_what_was_changed_is_brought_back(root: Path) -> None:
    (root / "a/b/__pycache__").mkdir()
    with all_or_nothing(root) as copy:
        change(copy)
        assert project_files(root) == BEFORE
    after = {"a/two.py": b"edited", "c/d/one.py": b"one", "three.txt": b"\xff\x00"}
    assert project_files(root) == after
    assert folders(root) == {str(root / name) for name in ("a", "c", "c/d")}


def test_what_is_not_committed_stays(root: Path) -> None:
    (root / "new.txt").write_bytes(b"new")
    (root / "three.txt").write_bytes(b"edited")
    with all_or_nothing(root) as copy:
        change(copy)
    files = project_files(root)
    assert (files["new.txt"], files["three.txt"]) == (b"new", b"edited")


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, OSError])
def test_an_error_in_the_block_changes_nothing(root: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        change_and_raise(root, error)
    assert project_files(root) == BEFORE


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_error_while_it_writes_is_undone(
    root: Path, monkeypatch: pytest.MonkeyPatch, at: int, error: type[BaseException]
) -> None:
    put, before, calls = transaction.put, folders(root), []

    def failing(path: Path, content: bytes | None) -> None:
        put(path, content)
        if path.is_relative_to(root):
            calls.append(path)
            if len(calls) == at:
                raise error

    monkeypatch.setattr(transaction, "put", failing)
    with pytest.raises(error), all_or_nothing(root) as copy:
        change(copy)
    assert len(calls) > at
    assert project_files(root) == BEFORE
    assert folders(root) == before


def test_a_folder_that_git_does_not_know_gets_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"is no git repository. Clone the project, then run this"):
        project_files(tmp_path)
