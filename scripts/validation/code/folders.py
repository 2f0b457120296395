"""Each folder and each file below ``snippets/`` belongs to an answer, or is shared by those of its topic."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.validation.rules import files, read, rule


@rule("Code")
def every_snippet_folder_belongs_to_an_answer(root: Path) -> Iterator[Problem]:
    owned = {page.snippets for page in load(root).answers.values()}
    parts = [name.split("/") for name in files(root, "snippets")]
    for part in parts:
        file, shared = "/".join(part), re.fullmatch(r"(__init__|conftest)\.py|ruff\.toml", part[-1])
        if len(part) > 3 or shared:
            continue
        others = {name for name in files(root, "snippets") if name.startswith("/".join(part[:-1]))}
        if not named(part[-1], others - {file}, root):
            remedy = "Move it into the folder of an answer: snippets/<topic>/<slug>/."
            yield Problem(file, 1, "no answer of the topic uses this file", remedy)
    for code in sorted({"/".join(part[:3]) for part in parts if len(part) > 3} - owned):
        page = code.replace("snippets/", "docs/", 1).replace("_", "-") + ".md"
        yield Problem(code, 1, "no answer shows this folder", f"Write {page}, or delete it.")


def named(file: str, others: Iterable[str], root: Path) -> bool:
    """Tell whether one of the Python files among ``others`` names the module ``file``."""
    module = re.compile(rf"(import |\.){re.escape(file.removesuffix('.py'))}\b")
    return any(module.search(read(root, other)) for other in others if other.endswith(".py"))
