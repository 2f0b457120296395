"""Which answers a contributor's change touches, as git sees it."""

import functools
from pathlib import Path

from scripts.project import ROOT, base, git, mains


@functools.cache
def changed_files(root: Path = ROOT) -> set[str]:
    """Return the files that differ from where the main branch of a remote was left (else: ``HEAD``)."""
    files = git("diff", "--name-only", base(root), root=root)
    return {*files, *git("ls-files", "--others", "--exclude-standard", root=root)}


def compared(root: Path = ROOT) -> str:
    """Return what the files are compared with, in words."""
    return (
        " and ".join(mains(root)) or "the last commit, and there is no origin/main to compare with"
    )


def touched(folder: str, changed: set[str]) -> bool:
    """Tell whether ``changed`` touches the answer whose code is in ``folder``.

    It does where it holds a file of the folder, the answer's page, or something that the tests of
    many answers share: a ``conftest.py``, another file right in the topic's folder, or the lock.
    """
    topic = folder.rsplit("/", 1)[0]
    page = folder.replace("snippets/", "docs/", 1).replace("_", "-") + ".md"
    return any(
        file == page
        or file.startswith((f"{folder}/", "requirements/", "tests/proving/", "tests/servers/"))
        or file in ("tests/session.py", "snippets/conftest.py", "pyproject.toml")
        or file.rsplit("/", 1)[0] == topic
        for file in changed
    )
