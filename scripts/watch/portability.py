"""Build the same tree with other engines, and compare what readers and links depend on.

For each engine: a strict build with the engine's own lock (``requirements/<engine>.txt``), then the
same completion as in `make build`. The addresses, the heading anchors and the text of every page
must be those of ``site/``. Known differences of the rest stand in CONTRIBUTING.md, “Another engine”.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from scripts.project import ROOT
from scripts.publish.addresses import built
from scripts.publish.complete import complete
from scripts.watch.compare_sites import articles, compare

# What builds the site, by engine; Makefile, ENGINE, has the same for the engine in use.
ENGINES = {
    "properdocs": ["-m", "properdocs", "build", "--strict"],
    "zensical": ["-m", "zensical", "build", "--strict", "--clean"],
}
FOLDER = ROOT / ".cache" / "portability"


class BuildError(Exception):
    """Raised where an engine cannot be installed or does not build; holds what it printed."""


def run(command: list[str | Path], folder: Path = ROOT) -> None:
    """Run ``command`` in ``folder``; raise ``BuildError`` with its output where it fails."""
    environment = os.environ | {"PYTHONPATH": str(folder), "DISABLE_MKDOCS_2_WARNING": "true"}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise BuildError(f"{result.stdout}{result.stderr}".strip())


def install(engine: str) -> Path:
    """Return the Python of an environment that holds the engine's lock, made where it is missing or older."""
    lock = ROOT / f"requirements/{engine}.txt"
    folder = FOLDER / engine
    python, stamp = folder / "bin" / "python", folder / "installed"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        venv.create(folder, with_pip=True, clear=True)
        pip: list[str | Path] = [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
        ]
        run([*pip, "--require-hashes", "--no-deps", "-r", lock])
        stamp.touch()
    return python


def build(engine: str, tree: Path) -> Path:
    """Build with ``engine`` in ``tree``, a new folder, and complete the result; return the site's folder.

    In a copy, because Zensical deletes ``.cache`` of the folder it builds in, where other caches lie too.
    """
    left_out = shutil.ignore_patterns(".*", "site", "__pycache__")
    shutil.copytree(ROOT, tree, ignore=left_out)
    run([install(engine), *ENGINES[engine], "--config-file", "site.yml"], tree)
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
            except BuildError as error:
                found = [f"does not build:\n{error}"]
        seconds = time.monotonic() - started
        faults += len(found)
        same = f"the same {len(built(site))} addresses and anchors, the same text"
        print(f"{engine} ({seconds:.0f} s): {'; '.join(found) or same}", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
