"""Build the same tree with other engines, and compare what readers and links depend on.

For each engine: a strict build with the engine's own lock (``requirements/<engine>.txt``), then the
same completion as in `make build`. The addresses, the heading anchors and the text of every page
must be those of ``site/``. Known differences of the rest stand in CONTRIBUTING.md, “Another engine”.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from scripts.project import ROOT
from scripts.publish.addresses import built
from scripts.publish.complete import complete
from scripts.releases.environment import CommandError, install, run
from scripts.watch.compare_sites import articles, compare

# What builds the site, by engine; Makefile, ENGINE, has the same for the engine in use.
ENGINES = {
    "properdocs": ["-m", "properdocs", "build", "--strict"],
    "zensical": ["-m", "zensical", "build", "--strict", "--clean"],
}
FOLDER = ROOT / ".cache" / "portability"


def build(engine: str, tree: Path) -> Path:
    """Build with ``engine`` in ``tree``, a new folder, and complete the result; return the site's folder.

    In a copy, because Zensical deletes ``.cache`` of the folder it builds in, where other caches lie too.
    """
    left_out = shutil.ignore_patterns(".*", "site", "__pycache__")
    shutil.copytree(ROOT, tree, ignore=left_out)
    python = install(engine, FOLDER / engine) / "python"
    settings = {"PYTHONPATH": str(tree), "DISABLE_MKDOCS_2_WARNING": "true"}
    run([python, *ENGINES[engine], "--config-file", "site.yml"], tree, settings)
    complete(tree / "site")
    return tree / "site"


def differences(site: Path, other: Path) -> list[str]:
    """Return a line for each address, anchor or page text in which two built sites differ."""
    addresses, others = built(site), built(other)
    return [
        *(f"missing: {address}" for address in sorted(addresses - others)),
        *(f"not in site/: {address}" for address in sorted(others - addresses)),
        *(
            f"other text: /{page.address}\n{page.text}"
            for page in compare(articles(site), articles(other))
            if page.text
        ),
    ]


def main() -> int:
    """Compare all engines with ``site/``; print a line for each, and return 1 where one differs or fails."""
    site = ROOT / "site"
    faults = 0
    for engine in ENGINES:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = differences(site, build(engine, Path(folder, "tree")))
            except CommandError as error:
                found = [f"does not build:\n{error}"]
        seconds = time.monotonic() - started
        faults += len(found)
        same = f"the same {len(built(site))} addresses and anchors, the same text"
        print(f"{engine} ({seconds:.0f} s): {'; '.join(found) or same}", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
