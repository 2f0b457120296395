"""Which programs of the pages run in the browser, found by running them: ``python -m scripts.runner.record``.

``data/runs.tsv`` holds the result of each, and ``data/run_outputs.tsv`` what those gave whose page shows no
output of theirs. Both are written by this command (`make runs`) and checked by `make test`.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from scripts.catalogue.files.tables import read_rows
from scripts.project import ROOT
from scripts.releases.environment import CommandError
from scripts.runner.hosts import browser, here
from scripts.runner.programs import programs
from scripts.runner.trials import SAME, Trial, trial

RUNS, OUTPUTS = "data/runs.tsv", "data/run_outputs.tsv"
HEADS = {
    RUNS: """\
# Which programs run in the browser, found by running each (`make runs`; do not edit): the program below
# snippets/, a tab, `same` where it gives what its page shows, `runs` or `cannot`, a tab, what its page shows
# and how, or why it cannot run.
""",
    OUTPUTS: """\
# What programs gave in CPython and in the browser alike, where no output of their page says it (`make runs`;
# do not edit): the program below snippets/, a tab, the output as JSON.
""",
}
MOST = 300
"""Letters of an output that is kept."""


def read_record(root: Path = ROOT) -> dict[str, Trial]:
    """Return what was found, by the path of the program."""
    given = {row.cells[0]: json.loads(row.cells[1]) for row in read_rows(root, OUTPUTS, columns=2)}
    return {
        path: Trial(path, result, detail, given.get(path, ""))
        for path, result, detail in (row.cells for row in read_rows(root, RUNS, columns=3))
    }


def write_record(trials: Iterable[Trial], root: Path = ROOT) -> None:
    """Write what was found."""
    found = sorted(trials, key=lambda one: one.path)
    lines = [
        f"{one.path}\t{one.result}\t{' '.join(one.detail.split())[:160] or '-'}\n" for one in found
    ]
    (root / RUNS).write_text(HEADS[RUNS] + "".join(lines), encoding="utf-8")
    kept = [one for one in found if one.result != SAME and 0 < len(one.given) <= MOST]
    lines = [f"{one.path}\t{json.dumps(one.given, ensure_ascii=False)}\n" for one in kept]
    (root / OUTPUTS).write_text(HEADS[OUTPUTS] + "".join(lines), encoding="utf-8")


def main(only: str = "") -> int:
    """Run all programs, or those below ``only`` (a topic, ``topic/slug`` as a page or a folder is called).

    Writes what was found. Returns 1 and says why where that cannot be.
    """
    shown, only = programs(), only.replace("-", "_")
    if not any(only in program.path for program in shown):
        print(f"ONLY={only}: no page shows a program below it. Name the folder.", file=sys.stderr)
        return 1
    try:
        with browser() as there, here() as reference:
            found = list[Trial]()
            kept = read_record() if only and (ROOT / RUNS).exists() else {}
            for program in shown:
                if only not in program.path and program.path in kept:
                    found.append(kept[program.path])
                    continue
                found.append(trial(program, there, reference))
                print(f"\r{len(found)} programs", end="", flush=True)
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    write_record(found)
    results = [one.result for one in found]
    print("\r" + ", ".join(f"{results.count(name)} {name}" for name in dict.fromkeys(results)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
