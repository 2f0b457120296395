"""Where files are, how they are called and stored, and how large they may be."""

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.catalogue.names import OTHER_PAGES
from scripts.catalogue.problems import Problem
from scripts.catalogue.reading import content_of
from scripts.validation.rules import Stage, files, names, rule

LARGEST, LARGEST_IMAGE = 60_000, 40_000  # bytes
GROWING = (
    "data/published.txt",
    "requirements/site.txt",
    "requirements/test.txt",
    "requirements/oldest.txt",
)  # written by commands
IMAGES = (".avif", ".png", ".svg", ".webp")
# What the names of a folder are: the name is part of addresses and imports, and of what programs look for.
STEM, FOLDERS = r"[a-z0-9]+(-[a-z0-9]+)*", r"([a-z0-9_]+/)*"
PLACES = {
    "": (
        r"\.gitignore|CONTRIBUTING\.md|LICENSE|Makefile|README\.md|mkdocs\.yml|pyproject\.toml",
        "Move it into the folder that it belongs to; settings of tools stand in pyproject.toml.",
    ),
    ".ci": ("run", "Write it into the Makefile, which .ci/run calls."),
    ".github": (
        r"CODEOWNERS|[A-Z_a-z]+\.md|dependabot\.yml|ISSUE_TEMPLATE/[a-z]+\.yml|workflows/[a-z]+\.yml",
        "Only what GitHub reads stands here.",
    ),
    "data": (r"[a-z_]+\.(tsv|txt|yml)", "Here are tables, one a file, like data/synonyms.tsv."),
    "docs": (
        rf"({STEM}/)*{STEM}\.md|assets/({STEM}/)*{STEM}\.(avif|css|js|png|svg|webp)",
        "Use lower case and hyphens, like docs/topic/blocking-the-event-loop.md; the rest is in docs/assets.",
    ),
    "overrides": (r"([a-z]+/)*[a-z0-9-]+\.html", "Here are parts of the theme, in HTML."),
    "requirements": (r"[a-z]+\.(in|txt)", "Here are locks and what they are made from."),
    "scripts": (
        rf"{FOLDERS}[a-z0-9_.]+\.(py|jinja|json|template|yaml)",
        "Here is Python, in rooms.",
    ),
    "snippets": (
        rf"(ruff\.toml|{FOLDERS}([a-z0-9_]+\.(conf|html|http|json|py|sh|sql|txt|ya?ml)"
        r"|(wrong_|[a-z0-9_]+\.)?(Dockerfile|Procfile)(\.dockerignore)?))",
        "Use lower case and underscores, like snippets/topic/slug/wrong_call.py.",
    ),
    "tests": (
        rf"{FOLDERS}[a-z0-9_]+\.(py|tsv)|audit/(\.npmrc|package(-lock)?\.json)",
        "Here is Python, in the rooms of scripts/.",
    ),
}
RESERVED = re.compile(r"(.*/)?(con|prn|aux|nul|com\d|lpt\d)(\.[^/]*)?(/.*)?", re.I)  # by Windows


@rule("Files", Stage.TEXT)
def every_file_belongs_where_it_is(root: Path) -> Iterator[Problem]:
    for name in names(root):
        folder, _, rest = name.rpartition("/") if "/" not in name else name.partition("/")
        pattern, remedy = PLACES.get(folder, ("", "Put it into a folder that the project has."))
        if RESERVED.fullmatch(name):
            yield Problem(name, 1, "Windows cannot store a file of this name", "Call it otherwise.")
        elif not re.fullmatch(pattern, rest):
            yield Problem(name, 1, "no file of this kind or name belongs here", remedy)


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
def no_file_is_too_large(root: Path) -> Iterator[Problem]:
    for name in files(root):
        size = (root / name).stat().st_size
        limit = LARGEST_IMAGE if name.endswith(IMAGES) else LARGEST
        if size > limit and name not in GROWING:
            fault = f"the file has {size:,} bytes, {limit:,} are allowed"
            yield Problem(name, 1, fault, "Shorten or split it; make an image smaller.")


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
            remedy = "Move an answer into a topic; name another page in scripts/catalogue/names.py."
            yield Problem(name, 1, "the page stands outside the topics", remedy)
