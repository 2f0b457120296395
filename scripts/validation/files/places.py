"""Where files are, how they are called and stored, and how large they may be."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.files.problems import Problem
from scripts.catalogue.files.reading import content_of
from scripts.catalogue.files.tables import pattern_of, read_rows
from scripts.catalogue.names import OTHER_PAGES
from scripts.validation.rules import Stage, files, names, read, rule

LARGEST, LARGEST_IMAGE = 60_000, 40_000  # bytes
GROWING = (
    "data/published.txt",
    "requirements/site.txt",
    "requirements/test.txt",
    "requirements/oldest.txt",
    "requirements/semgrep.txt",
)  # written by commands
FROZEN = "data/rules/"  # copies of all rules, each of a day
IMAGES = (".png", ".svg", ".webp")
PLACES = "data/places.tsv"
NOWHERE = (re.compile(""), "Put it into a folder that the project has.")
# What commands make; what an editor makes is left out by each for himself.
IGNORED = re.compile(
    r"(#.*|/(\.venv/|\.cache/|site/|site\.yml)|(__pycache__|node_modules|\.\w+_cache)/)?"
)
EXECUTABLE = (".ci/run",)
RESERVED = re.compile(r"(.*/)?(con|prn|aux|nul|com\d|lpt\d)(\.[^/]*)?(/.*)?", re.I)  # by Windows


@rule("Files", Stage.TEXT)
def every_file_belongs_where_it_is(root: Path) -> Iterator[Problem]:
    rows = read_rows(root, PLACES, columns=3)
    read_as = [(row.cells[0], pattern_of(PLACES, row, row.cells[1]), row.cells[2]) for row in rows]
    places = {folder: (pattern, remedy) for folder, pattern, remedy in read_as}
    kinds = [(pattern, remedy) for folder, pattern, remedy in read_as if folder.startswith("*")]
    for name in names(root):
        folder, _, rest = name.rpartition("/") if "/" not in name else name.partition("/")
        pattern, remedy = places.get(folder, NOWHERE)
        if RESERVED.fullmatch(name):
            yield Problem(name, 1, "Windows cannot store a file of this name", "Call it otherwise.")
        elif not pattern.fullmatch(rest):
            remedy = next((its for kind, its in kinds if kind.fullmatch(name)), remedy)
            yield Problem(name, 1, "no file of this kind or name belongs here", remedy)


@rule("Files", Stage.TEXT)
def git_leaves_out_only_what_commands_make(root: Path) -> Iterator[Problem]:
    for number, line in enumerate(read(root, ".gitignore").splitlines(), 1):
        if not IGNORED.fullmatch(line):
            remedy = "Delete it; leave out files of your own in .git/info/exclude."
            yield Problem(".gitignore", number, f"{line} can hide files of the project", remedy)


@rule("Files")
def no_file_is_a_program_or_the_twin_of_another(root: Path) -> Iterator[Problem]:
    first: dict[str, str] = {}
    # Where a file system keeps no such bits, every file is a program.
    keeps_bits = not os.access(root / ".gitignore", os.X_OK)
    for name in files(root):
        if keeps_bits and name not in EXECUTABLE and os.access(root / name, os.X_OK):
            yield Problem(name, 1, "the file is executable", f"Run `chmod -x {name}`.")
        if first.setdefault(name.casefold(), name) != name:
            remedy = "Call it otherwise: some file systems know only one of them."
            yield Problem(name, 1, f"its name is that of {first[name.casefold()]}", remedy)


@rule("Files", Stage.TEXT)
def every_file_is_plain_utf_8_text_or_an_image(root: Path) -> Iterator[Problem]:
    for name in files(root):
        path = root / name
        if path.is_symlink():
            yield Problem(name, 1, "a symbolic link", "Commit the file itself.")
            continue
        content = content_of(root, name)
        if name.endswith(IMAGES) and name.startswith("docs/") and not name.endswith(".svg"):
            continue
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            remedy = f"Save it as UTF-8; images are {', '.join(IMAGES)} below docs/."
            yield Problem(name, line, "the file is not UTF-8 text", remedy)
            continue
        for sign, fault, remedy in (
            ("\0", "the file is binary", "Commit what it is made from."),
            ("\ufeff", "the file has a byte order mark", "Save it as UTF-8 without one."),
            ("\r", "the lines end with CR LF", "Save it with line feeds alone."),
        ):
            if sign in text:
                yield Problem(name, text.count("\n", 0, text.index(sign)) + 1, fault, remedy)


@rule("Files", Stage.TEXT)
def no_file_is_too_large(root: Path) -> Iterator[Problem]:
    for name in files(root):
        size = (root / name).stat().st_size
        limit = LARGEST_IMAGE if name.endswith(IMAGES) else LARGEST
        if size > limit and name not in GROWING and not name.startswith(FROZEN):
            fault = f"the file has {size:,} bytes, {limit:,} are allowed"
            yield Problem(name, 1, fault, "Shorten or split it; make an image smaller.")


@rule("One answer, one path", Stage.TEXT)
def every_page_has_its_place(root: Path) -> Iterator[Problem]:
    pages, told = list(files(root, "docs", suffix=".md")), set()
    for name in pages:
        folder, _, file = name.removeprefix("docs/").rpartition("/")
        if "/" in folder:
            yield Problem(name, 1, "the page lies too deep", "Move it to docs/<topic>/<slug>.md.")
        elif folder and f"docs/{folder}/index.md" not in pages and folder not in told:
            told.add(folder)
            fault, remedy = f"the topic {folder} has no index", f"Write docs/{folder}/index.md."
            yield Problem(name, 1, fault, remedy)
        elif not folder and file not in ("index.md", *OTHER_PAGES):
            remedy = "Move an answer into a topic; name another page in scripts/catalogue/names.py."
            yield Problem(name, 1, "the page stands outside the topics", remedy)
