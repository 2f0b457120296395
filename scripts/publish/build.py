"""Build the complete site: ``python -m scripts.publish.build ENGINE ARGUMENT…``.

Validate and configure, let the engine build, complete: in one process, so that what these share is
imported and read once. An engine is whatever ``python -m`` runs.
"""

import gc
import runpy
import sys

from scripts.catalogue.files.reading import one_reading
from scripts.publish import complete, configure

# Hardly anything of a build is garbage, and Python would look for it again and again.
OBJECTS = 100_000


def run(engine: str, *arguments: str) -> int:
    """Run an engine as ``python -m`` does, on ``site.yml``; return its exit code."""
    sys.argv = [engine, *arguments, "--config-file", "site.yml"]
    try:
        runpy.run_module(engine, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def main(*command: str) -> int:
    """Build with the ``command`` of an engine; return 0, or another code where something is wrong."""
    gc.set_threshold(OBJECTS)
    with one_reading():
        return configure.main() or run(*command) or complete.main()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
