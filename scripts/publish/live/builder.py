"""Build the site as published, and after an edit only the pages that it concerns."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mkdocs.commands.build import build
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import MkDocsException

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problems
from scripts.catalogue.files.reading import one_reading
from scripts.project import ROOT
from scripts.publish import configure
from scripts.publish.complete import complete
from scripts.publish.live.faults import Heard
from scripts.validation.rules import Stage
from scripts.validation.validate import validate

WATCHED = ("docs", "snippets", "data", "scripts", "overrides")
FEW = 3  # files that are named


def newest(paths: Iterable[Path]) -> float:
    """Return when the youngest of ``paths`` was changed, in seconds since the epoch."""
    return max((path.stat().st_mtime for path in paths if path.is_file()), default=0)


def outdate(site: Path) -> None:
    """Delete the built pages that a changed source concerns, so that a partial build makes them again.

    MkDocs compares a page with its Markdown file alone. A page also shows snippets, and the lists
    show parts of all answers and their snippets.
    """
    catalogue = load()
    answers = catalogue.answers.values()
    for answer in answers:
        built = site / answer.address / "index.html"
        if built.is_file() and newest((ROOT / answer.snippets).iterdir()) > built.stat().st_mtime:
            built.unlink()
    edited = newest(ROOT / answer.file for answer in answers)
    lists = [
        *(topic.address for topic in catalogue.topics),
        "",
        "all",
        "paths",
        "reviews",
        "corrections",
        "questions",
    ]
    for built in (site / address / "index.html" for address in lists):
        if built.is_file() and edited > built.stat().st_mtime:
            built.unlink()


class Builder:
    """Builds the site as published, and after an edit only the pages that it concerns."""

    def __init__(self) -> None:
        """Start with nothing built."""
        self.complete_since = self.built_since = 0.0
        self.told: set[str] = set()

    def __call__(self, config: MkDocsConfig, **options: Any) -> None:
        """Build; used by MkDocs in place of its own function.

        Raises ``Problems`` or ``MkDocsException`` with a line for each fault where the site cannot be built.
        """
        with one_reading():
            if faults := validate(ROOT, Stage.FINDINGS):
                raise Problems(faults)
            start, clock = time.time(), time.monotonic()
            if configure.write(load(ROOT), ROOT) and self.built_since:
                return  # MkDocs sees the new navigation, and asks for a build with it
            edited, partial = self.edited(), newest(machine()) < self.complete_since
            warnings = self.build(config, options | {"dirty": partial})
            if self.built_since:
                what = "rebuilt" if partial else "rebuilt all pages"
                seconds = f"{time.monotonic() - clock:.1f}"
                print(f"{named(edited) or 'Nothing new'}: {what} in {seconds} s.", flush=True)
            self.built_since = start
            self.complete_since = self.complete_since if partial else start
            self.tell([*warnings, *map(str, validate(ROOT, Stage.REST, Stage.REST))])

    def build(self, config: MkDocsConfig, options: dict[str, Any]) -> list[str]:
        """Build all pages or, where ``dirty`` is set, what changed; return what MkDocs warned of."""
        if options["dirty"]:
            outdate(Path(config.site_dir))
        config.strict = False  # a warning, of a link that leads nowhere, is told and stops nothing
        with Heard() as heard:
            try:
                build(config, **options)
            except (
                MkDocsException,
                SystemExit,
            ) as error:  # of the macros plugin, which has said why
                raise MkDocsException("\n".join(heard.lines) or f"MkDocs: {error}") from error
        complete(Path(config.site_dir))
        return heard.lines

    def edited(self) -> list[str]:
        """Return the files that were edited since the last build began."""
        paths = [path for folder in WATCHED for path in (ROOT / folder).rglob("*.*")]
        new = [path for path in paths if path.is_file() and path.stat().st_mtime > self.built_since]
        return sorted(path.relative_to(ROOT).as_posix() for path in new if path.suffix != ".pyc")

    def tell(self, faults: list[str]) -> None:
        """Print the faults that stop no build, each once until it is repaired."""
        for fault in faults:
            if fault not in self.told:
                print(fault, flush=True)
        self.told = set(faults)


def machine() -> list[Path]:
    """Return the files that all pages are made by."""
    folders = ("scripts", "overrides")
    parts = [path for folder in folders for path in (ROOT / folder).rglob("*.*")]
    return [
        *ROOT.glob("*.yml"),
        *ROOT.glob("requirements/*.txt"),
        *(p for p in parts if p.suffix != ".pyc"),
    ]


def named(files: list[str]) -> str:
    """Return the first of ``files``, and how many more there are."""
    more = f" and {len(files) - FEW} more" if len(files) > FEW else ""
    return ", ".join(files[:FEW]) + more
