"""The rules on public code: what they find in pinned projects, compared with what was found and read before.

``python -m scripts.watch.ecosystem`` fetches the projects of ``data/ecosystem.tsv`` that ``.cache/ecosystem``
lacks, and prints a line for each rule and project with other hits than ``data/recorded_hits.tsv`` says; with
``--list`` it prints each hit, to be read. The projects' code is looked at, never run and never committed.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.catalogue.files.tables import read_rows
from scripts.project import ROOT
from scripts.releases.environment import run
from scripts.rules.join import joined
from scripts.rules.semgrep import Hit, hits

TABLE, RECORD = "data/ecosystem.tsv", "data/recorded_hits.tsv"
FOLDER = ROOT / ".cache" / "ecosystem"
HOST = "https://github.com"


@dataclass(frozen=True)
class Project:
    """A public project at one commit, and the folders of it that are looked at."""

    name: str
    commit: str
    folders: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where it lies: another commit is another folder."""
        return FOLDER / f"{self.name.replace('/', '+')}-{self.commit[:12]}"


@dataclass(frozen=True)
class Recorded:
    """How many hits a rule has in a project, and how many of them are right."""

    rule: str
    project: str
    hits: int
    right: int


def projects(root: Path = ROOT) -> list[Project]:
    """Return the pinned projects."""
    rows = read_rows(root, TABLE, columns=3)
    return [Project(row.cells[0], row.cells[1], tuple(row.cells[2].split())) for row in rows]


def recorded(root: Path = ROOT) -> list[Recorded]:
    """Return what was found and read before."""
    rows = (row.cells for row in read_rows(root, RECORD, columns=4))
    return [Recorded(rule, project, int(found), int(right)) for rule, project, found, right in rows]


def fetch(project: Project, host: str = HOST) -> Path:
    """Return the folder of ``project``, which is fetched where it is missing, that commit alone."""
    if not (project.path / ".complete").exists():
        project.path.mkdir(parents=True, exist_ok=True)
        git = ["git", "-C", str(project.path)]
        run(["git", "init", "--quiet", project.path])
        run([*git, "fetch", "--quiet", "--depth=1", f"{host}/{project.name}", project.commit])
        run([*git, "-c", "advice.detachedHead=false", "checkout", "--quiet", project.commit])
        (project.path / ".complete").touch()
    return project.path


def counted(found: dict[str, list[Hit]]) -> Counter[tuple[str, str]]:
    """Return how many hits each rule has in each project."""
    return Counter((hit.rule, project) for project, its in found.items() for hit in its)


def differences(found: dict[str, list[Hit]], known: Iterable[Recorded]) -> Iterator[str]:
    """Yield a line for each rule and project whose number of hits is not the recorded one."""
    counts, before = counted(found), {(r.rule, r.project): r.hits for r in known}
    for rule, project in sorted({*counts, *before}):
        was, now = before.get((rule, project), 0), counts[rule, project]
        if was != now and project in found:
            yield f"{rule} in {project}: {now} hits, {was} recorded"


def main(arguments: list[str]) -> int:
    """Look at all projects; print what differs from the record, or each hit."""
    rules, found = joined(site="https://site.invalid/"), dict[str, list[Hit]]()
    for project in projects():
        found[project.name] = hits(rules, fetch(project), project.folders)
        for hit in found[project.name] if "--list" in arguments else ():
            print(hit.rule, project.name, f"{hit.file}:{hit.line}", sep="\t", flush=True)
    if "--list" not in arguments:
        print(*differences(found, recorded()), sep="\n", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
