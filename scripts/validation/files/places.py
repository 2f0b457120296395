"""Where files are, how they are called and stored, and how large they may be."""

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.answers import OTHER_PAGES
from scripts.catalogue.problems import Problem
from scripts.catalogue.reading import content_of
from scripts.validation.rules import Stage, files, line_at, names, read, rule

LARGEST, LARGEST_IMAGE = 60_000, 40_000  # bytes
GROWING = (
    "data/published.txt",
    "requirements/site.txt",
    "requirements/test.txt",
    "requirements/oldest.txt",
)  # written by commands
IMAGES = (".avif", ".png", ".svg", ".webp")
# What the name says is part of addresses and imports. A file that some program knows by its name keeps it.
KEBAB = re.compile(r"docs/([a-z0-9]+(-[a-z0-9]+)*/)*[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+")
SNAKE = re.compile(
    r"snippets/([a-z0-9_]+/)*([a-z0-9_]+\.[a-z0-9]+|(wrong_|[a-z0-9_]+\.)?(Dockerfile|Procfile)(\.dockerignore)?)"
)
RUNS = re.compile(r"<script|<foreignObject|<!ENTITY|javascript:|\son\w+\s*=", re.I)
STYLES = {
    "docs": (KEBAB, "lower case and hyphens, like docs/topic/blocking-the-event-loop.md"),
    "snippets": (SNAKE, "lower case and underscores, like snippets/topic/slug/wrong_call.py"),
}


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


@rule("Files")
def no_image_runs_anything(root: Path) -> Iterator[Problem]:
    for name in files(root, "docs", suffix=".svg"):
        text = read(root, name)
        for found in RUNS.finditer(text):
            fault = f"the image holds {found[0].strip()!r}"
            yield Problem(name, line_at(text, found.start()), fault, "Save it as a plain drawing.")


@rule("Files")
def no_file_is_too_large(root: Path) -> Iterator[Problem]:
    for name in files(root):
        size = (root / name).stat().st_size
        limit = LARGEST_IMAGE if name.endswith(IMAGES) else LARGEST
        if size > limit and name not in GROWING:
            fault = f"the file has {size:,} bytes, {limit:,} are allowed"
            yield Problem(name, 1, fault, "Shorten or split it; make an image smaller.")


@rule("Files")
def names_are_in_one_style(root: Path) -> Iterator[Problem]:
    for name in names(root):
        pattern, style = STYLES.get(name.split("/")[0], (None, ""))
        if pattern and not pattern.fullmatch(name):
            yield Problem(name, 1, "the name is not in the style of its folder", f"Use {style}.")


@rule("One answer, one path")
def every_page_has_its_place(root: Path) -> Iterator[Problem]:
    pages = list(files(root, "docs", suffix=".md"))
    for name in pages:
        folder, _, file = name.removeprefix("docs/").rpartition("/")
        if "/" in folder:
            yield Problem(name, 1, "the page lies too deep", "Move it to docs/<topic>/<slug>.md.")
        elif folder and f"docs/{folder}/index.md" not in pages:
            fault, remedy = f"the topic {folder} has no index", f"Write docs/{folder}/index.md."
            yield Problem(name, 1, fault, remedy)
        elif not folder and file not in ("index.md", *OTHER_PAGES):
            remedy = (
                "Move an answer into a topic; name another page in scripts/catalogue/answers.py."
            )
            yield Problem(name, 1, "the page stands outside the topics", remedy)
