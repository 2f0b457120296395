"""Serve the site with live reload: ``python -m scripts.publish.serve PORT``."""

import socket
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mkdocs.commands import serve
from mkdocs.commands.build import build
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, MkDocsException

from scripts.catalogue.answers import load
from scripts.catalogue.problems import Problems
from scripts.project import ROOT
from scripts.publish import configure
from scripts.publish.complete import complete

HOST = "127.0.0.1"


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
        self.complete_since = 0.0

    def __call__(self, config: MkDocsConfig, **options: Any) -> None:
        """Build; used by MkDocs in place of its own function.

        Raises ``Abort`` with one line for each fault of the front matter, which MkDocs prints as it stands.
        """
        try:
            load()
        except Problems as problems:
            raise Abort(str(problems)) from None
        site = Path(config.site_dir)
        machine = [*ROOT.glob("*.yml"), *ROOT.glob("*.txt")]
        for folder in ("scripts", "overrides"):
            machine += (ROOT / folder).rglob("*.*")
        partial = newest(machine) < self.complete_since
        if partial:
            outdate(site)
            # A partial build warns that it is one, which strict would take for a fault.
            config.strict = False
        else:
            self.complete_since = time.time()
        build(config, **options | {"dirty": partial})
        complete(site)


def main(port: int) -> int:
    """Serve on ``port`` until interrupted; return 1 where the port is taken or the site has faults."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            print(
                f"Port {port} is taken: stop what uses it, or run `make serve PORT={port + 1}`.",
                file=sys.stderr,
            )
            return 1
    if configure.main():
        return 1
    print(f"FastAPI Answers: http://{HOST}:{port}/ (press Ctrl+C to stop)", flush=True)
    # Hooks would do the same, but no other engine has them.
    vars(serve)["build"] = Builder()
    try:
        serve.serve("site.yml", dev_addr=f"{HOST}:{port}", livereload=True)
    except MkDocsException as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
