"""Change many files of the project in one step or not at all."""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.project import git


def project_files(root: Path) -> dict[str, bytes]:
    """Return the content of every committed or new file below ``root``; what git ignores is none.

    Exits where ``root`` is no git repository.
    """
    names = git("ls-files", "--cached", "--others", "--exclude-standard", root=root)
    if not names:
        sys.exit(f"{root} is no git repository. Clone the project, then run this again.")
    return {name: (root / name).read_bytes() for name in names if (root / name).is_file()}


def put(path: Path, content: bytes | None) -> None:
    """Write a file with its folders; without content delete it, and folders that hold nothing else."""
    if content is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return
    path.unlink(missing_ok=True)
    for folder in path.parents:
        shutil.rmtree(folder / "__pycache__", ignore_errors=True)
        if not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()


@contextlib.contextmanager
def all_or_nothing(root: Path) -> Iterator[Path]:
    """Give a copy of the project to edit, and bring what was changed there back to ``root`` at the end.

    Where the block or the writing raises or is interrupted, ``root`` stays as it was, byte for byte.
    """
    before = project_files(root)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder).resolve()
        subprocess.run(["git", "init", "--quiet", copy], check=True)
        for name, content in before.items():
            put(copy / name, content)
        yield copy
        after = project_files(copy)
    names = sorted(before.keys() | after.keys())
    changed = [name for name in names if before.get(name) != after.get(name)]
    try:
        for name in changed:
            put(root / name, after.get(name))
    except BaseException:
        for name in changed:
            put(root / name, before.get(name))
        raise
