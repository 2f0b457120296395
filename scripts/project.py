"""Where the project is, and where its site will be.

Addresses come from the environment, so that a fork works without an edit:

* ``SITE_URL``: address of the published site;
* ``GITHUB_REPOSITORY`` and ``GITHUB_SERVER_URL``: set by GitHub Actions in every run.
"""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCAL_SITE_URL = "http://127.0.0.1:8000/"


def repository_url() -> str:
    """Return the address of the repository, without a slash at the end.

    Returns an empty string outside GitHub Actions: pages then show paths instead of links.
    """
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    return f"{server}/{repository}" if repository else ""


def site_url() -> str:
    """Return the address of the site, with a slash at the end.

    ``SITE_URL`` wins; in GitHub Actions the default is the project's GitHub Pages address
    (``https://OWNER.github.io/REPOSITORY/``, or the bare host for the repository that bears
    its name); elsewhere it is the address of the local server.
    """
    if address := os.environ.get("SITE_URL"):
        return address.rstrip("/") + "/"
    owner, _, name = os.environ.get("GITHUB_REPOSITORY", "").partition("/")
    if not name:
        return LOCAL_SITE_URL
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def mains(root: Path = ROOT) -> list[str]:
    """Return the main branches of the remotes, such as ``origin/main``; a fork may know upstream's too."""
    pattern = "refs/remotes/*/main"
    return git("for-each-ref", "--format=%(refname:short)", pattern, root=root)


def base(root: Path = ROOT) -> str:
    """Return the commit where the main branch of a remote was left, the first of them; without one, ``HEAD``.

    What a fork has on its own main already still differs from upstream's.
    """
    left = {at for name in mains(root) for at in git("merge-base", name, "HEAD", root=root)}
    counts = {int(git("rev-list", "--count", f"{at}..HEAD", root=root)[0]): at for at in left}
    return counts[max(counts)] if counts else "HEAD"


def git(*arguments: str, root: Path = ROOT) -> list[str]:
    """Return the lines that a git command prints, or none where it fails."""
    result = subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    return result.stdout.splitlines() if not result.returncode else []
