"""What the commands for authors share: their arguments, refusals in one line, and tidy code."""

import keyword
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from scripts.catalogue.addresses import published
from scripts.catalogue.answers import Catalogue, load
from scripts.catalogue.files.problems import Problems
from scripts.catalogue.identity import moved_pages

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def arguments(environment: Mapping[str, str], usage: str) -> list[str]:
    """Return the values that make passes for the names in ``usage``, an example of the whole command.

    Exits with the example where one is missing.
    """
    names = re.findall(r"\b([A-Z]+)=", usage)
    for name in names:
        if not environment.get(name, "").strip():
            sys.exit(f"{name} is missing. Write, for example: {usage}")
    return [environment[name].strip() for name in names]


def load_or_exit(root: Path) -> Catalogue:
    """Return the catalogue; exit with its faults where it has some."""
    try:
        return load(root)
    except Problems as problems:
        sys.exit(f"{problems}\nNothing was changed.")


def code_folder(place: str) -> str:
    """Return the folder of the code of ``topic/slug``, below ``snippets``."""
    return place.replace("-", "_")


def refuse_place(catalogue: Catalogue, place: str, root: Path, former: str = "") -> None:
    """Exit with one line where no answer can be put at ``place`` (``topic/slug``).

    An address that now leads to ``former``, the answer that is moved, is free for it.
    """
    topic, _, slug = place.partition("/")
    topics = sorted(page.address.rstrip("/") for page in catalogue.topics)
    folder = root / "snippets" / code_folder(place)
    address = f"{place}/"
    if topic not in topics:
        sys.exit(f"There is no topic {topic!r}. Choose one of: {', '.join(topics)}.")
    if not SLUG.fullmatch(slug):
        sys.exit(f"The slug {slug!r} is not kebab-case. Write it like blocking-the-event-loop.")
    if (root / f"docs/{place}.md").exists() or folder.exists():
        sys.exit(f"{place} is taken. Choose another slug.")
    if not folder.name.isidentifier() or keyword.iskeyword(folder.name):
        sys.exit(f"Python cannot import a folder named {folder.name!r}. Choose another slug.")
    moved = moved_pages(root)
    used = address in published(root) | moved.keys()
    if used and not (former and moved.get(address) == former):
        sys.exit(f"{place} was the address of another answer. Choose another slug.")


def tidy(root: Path, *paths: str) -> None:
    """Sort the imports and format the code, as `make fix` does; exit where it is no Python."""
    ruff = Path(sys.executable).parent / "ruff"
    for options in (["check", "--select=I", "--fix", "--output-format=concise"], ["format"]):
        command = [str(ruff), *options, "--quiet", *paths]
        result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if result.returncode:
            first = (result.stdout or result.stderr).splitlines()[0]
            sys.exit(f"{first}. Nothing was changed.")
