"""What lies beside a program and belongs to it: modules of its answer that it imports, templates, files."""

import re
from pathlib import Path, PurePosixPath

from scripts.catalogue.shown_code import program
from scripts.project import ROOT

IMPORT = re.compile(r"^from (snippets(?:\.\w+)+) import ([^\n(]+|\([^)]*\))", re.M)


def companions(path: str, root: Path = ROOT) -> dict[str, str]:
    """Return the text of each file that the program ``path`` needs, by its path from the program's folder."""
    folder = root / "snippets" / PurePosixPath(path).parent
    found = dict[str, str]()
    for file in sorted(folder.glob("*/*")):
        if file.is_file() and file.suffix not in (".py", ".pyc"):
            found[file.relative_to(folder).as_posix()] = file.read_text(encoding="utf-8")
    todo = [program(path, root)]
    while todo:
        for imported in IMPORT.finditer(todo.pop()):
            place = imported[1].replace(".", "/")
            names = [f"{place}.py", *(f"{place}/{n}.py" for n in re.findall(r"\w+", imported[2]))]
            for name in names:
                if name not in found and (root / name).is_file():
                    found[name] = program(name.removeprefix("snippets/"), root)
                    todo.append(found[name])
    return found
