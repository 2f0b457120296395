"""Run programs as a reader pastes them: ``python paste.py DIRECTORY…``, each with a ``main.py``.

Each runs as the main program, alone in its folder, in a process that has imported FastAPI and nothing
else of what programs use. Prints a line of JSON for each that failed: its folder, and what it said last.
"""

import gc
import json
import os
import runpy
import signal
import sys
from pathlib import Path

import fastapi  # noqa: F401  # takes most of the time of most programs: once for all

TIME = 60  # seconds until a program that does not end is ended


def run(folder: Path) -> int:
    """Run the program of ``folder`` in a process of its own; return how that ended, 0 where well."""
    if not (child := os.fork()):
        signal.alarm(TIME)
        os.chdir(folder)
        said = os.open("said.txt", os.O_WRONLY | os.O_CREAT)
        for stream in (1, 2):
            os.dup2(said, stream)
        sys.path[0], sys.argv = str(folder), ["main.py"]
        runpy.run_path("main.py", run_name="__main__")
        sys.exit()
    return os.waitpid(child, 0)[1]


def main() -> None:
    """Run all programs that the command names."""
    gc.freeze()  # what all share: each would look through all of FastAPI when it ends
    for folder in map(Path, sys.argv[1:]):
        if run(folder):
            said = (folder / "said.txt").read_text(encoding="utf-8")
            print(json.dumps([folder.name, said[-1000:]]), flush=True)


if __name__ == "__main__":
    main()
