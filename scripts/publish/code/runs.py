"""What pages need to run programs: the interpreter's files, and what is known of each program's runs."""

import functools
import html
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from scripts.catalogue.shown_code import FOLDER, Shown, lines_of
from scripts.project import ROOT
from scripts.releases.lock import read_lock
from scripts.runner.companions import companions
from scripts.runner.files.build import folder
from scripts.runner.inside.program import has_app
from scripts.runner.inside.tests import has_tests
from scripts.runner.record import read_record
from scripts.runner.trials import CANNOT, SAME, Trial, asked_by

PLACE = "assets/run"
"""Where the interpreter's files are published, each state of them in a folder of its own."""
WHICH = "programs-in-the-page/#which-programs-run"
"""Where a page tells which programs run."""
NAMES = {"python": "Python", "fastapi": "FastAPI", "starlette": "Starlette", "pydantic": "Pydantic"}


@dataclass
class Runs:
    """The programs that run in the page, and why others do not."""

    folder: Path
    trials: dict[str, Trial]
    root: Path = ROOT

    def cannot(self, path: str) -> bool:
        """Tell whether a program was found not to run."""
        return path in self.trials and self.trials[path].result == CANNOT

    def attributes(self, shown: Shown) -> str:
        """Return what a block says of its program, or nothing where it cannot run."""
        if shown.path not in self.trials or self.cannot(shown.path) or shown.language != "python":
            return ""
        values = {"run": self.folder.name, "program": shown.path, "section": shown.section}
        return "".join(f' data-{name}="{value}"' for name, value in values.items())

    def why_not(self, shown: Shown, up: str) -> str:
        """Return in a word why the program of a block has no button, or nothing where it has one.

        It leads to the page that tells more; ``up`` leads to the site's root.
        """
        if shown.language != "python" or not self.cannot(shown.path):
            return ""
        word = html.escape(self.trials[shown.path].detail)
        title = f"It does not run in the browser, which has no {word}"
        return f'<a class="block__without" href="{up}{WHICH}" title="{title}">needs {word}</a>'

    def about(self, path: str, sections: set[str]) -> dict[str, object]:
        """Return what the page has to know of a program: sections, request, and what is expected of it."""
        trial = self.trials[path]
        source = (self.root / "snippets" / path).read_text(encoding="utf-8")
        expected, compared = trial.given, ["whole"] if trial.given else []
        name, _, view = trial.detail.partition(":")
        recorded = self.root / "snippets" / name
        is_recorded = trial.result == SAME and recorded.is_file()  # not renamed since
        if is_recorded:
            expected, compared = recorded.read_text(encoding="utf-8"), [view]
        return {
            "name": Path(path).name,
            "app": has_app(source) and not has_tests(source),
            "sections": {name: lines_of(path, name, self.root) for name in sorted(sections)},
            "asked": asked_by(expected),
            "files": companions(path, self.root),
            "expected": expected.strip("\n"),
            "compared": compared,
            "recorded": is_recorded,
            "versions": self.versions,
        }

    @functools.cached_property
    def versions(self) -> str:
        """Return on what programs run, and where answers were checked on something else."""
        known = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))["versions"]
        checked = read_lock(self.root).versions
        here = [f"{name} {known[key]}" for key, name in NAMES.items()]
        other = [
            name for key, name in NAMES.items() if key != "python" and known[key] != checked[key]
        ]
        differ = f"other releases of {' and '.join(other)} than" if other else "the releases that"
        end = "were used to check this answer" if other else "this answer was checked on"
        return f"In your browser, on {', '.join(here)}: {differ} {end}."

    def publish(self, shown: list[Shown], site: Path) -> None:
        """Write the files for all blocks that are ``shown``."""
        sections = dict[str, set[str]]()
        for block in shown:
            if self.attributes(block):
                sections.setdefault(block.path, set()).add(block.section)
        for path, names in sections.items():
            target = site / FOLDER / f"{path}.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(
                json.dumps(self.about(path, names), ensure_ascii=False), encoding="utf-8"
            )
        target = site / PLACE / self.folder.name
        if not target.exists():
            shutil.copytree(self.folder, target)


def runs(root: Path = ROOT) -> Runs | None:
    """Return what runs in the page, or ``None`` where the interpreter's files have not been made."""
    made = folder()
    if made is None:
        return None
    return Runs(made, read_record(root), root)
