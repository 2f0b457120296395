"""Make the archives for the browser, and the list of them; runs in the browser's interpreter, under Node."""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

from .archives import archive
from .kept import COMPILED, read
from .licences import licences

ALWAYS = (
    *(
        "_strptime",
        "calendar",
        "csv",
        "getpass",
        "graphlib",
        "pprint",
        "runpy",
        "sqlite3",
        "statistics",
    ),
    *("encodings/ascii", "encodings/latin_1", "encodings/utf_8_sig"),
)
"""What programs use often, and no framework by itself."""


def module_of(name: str) -> str:
    """Return the module that a file of an archive is."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def sorted_out(
    modules: dict[str, bytes], loaded: set[str]
) -> tuple[dict[str, bytes], dict[str, dict[str, bytes]]]:
    """Return which files belong into the core, and into which bundle the others."""
    first, later = dict[str, bytes](), dict[str, dict[str, bytes]]()
    for name, data in modules.items():
        is_own = name.startswith(("inside/", *ALWAYS)) or ".dist-info/" in name
        if is_own or module_of(name) in loaded or not name.endswith(".py"):
            first[name] = data
        else:
            bundle = name.partition("/")[0].removesuffix(".py")
            later.setdefault(bundle, {})[name] = data
    return first, later


def main(
    folders: dict[str, str], core: list[str], lazy: dict[str, list[str]], loaded: list[str]
) -> None:
    """Write the archives and what is known of them.

    ``core`` and ``lazy`` name wheels as ``packages`` has them; ``loaded`` are the modules that
    a first application needed.
    """
    out, engine = Path(folders["out"]), Path(folders["pyodide"])
    wheels = sorted(Path(folders["wheels"]).glob("*.whl"))
    releases = {path.name.split("-")[0].replace("_", "-"): path for path in wheels}
    modules = read(engine / "python_stdlib.zip")
    for package in core:
        modules |= read(releases[package])
    runner = Path(folders["runner"])
    for path in sorted(runner.glob("inside/**/*.py")):
        modules[path.relative_to(runner).as_posix()] = path.read_bytes()
    extension = next(name for name in modules if name.endswith(".so"))
    native = modules.pop(extension)
    first, later = sorted_out(modules, set(loaded))
    for bundle, packages in lazy.items():
        for package in packages:
            members = read(releases[package]).items()
            later.setdefault(bundle, {}).update(m for m in members if not m[0].endswith(COMPILED))
    files = {
        "LICENCES.txt": licences(wheels).encode(),
        "core.bin": gzip.compress(archive(first, packed=False), 9, mtime=0),
        "extension.bin": gzip.compress(native, 9, mtime=0),
        **{f"bundles/{name}.zip": archive(members, packed=True) for name, members in later.items()},
    }
    machine = gzip.compress((engine / "pyodide.asm.wasm").read_bytes(), 6)  # as a host sends it
    manifest: dict[str, Any] = {
        "sizes": {name: len(files[name]) for name in ("core.bin", "extension.bin")}
        | {"pyodide.asm.wasm": len(machine)},
        "versions": {"python": sys.version.split()[0]}
        | {name: path.name.split("-")[1] for name, path in releases.items()},
        "lock": {
            "info": json.loads((engine / "pyodide-lock.json").read_text())["info"],
            "packages": {},
        },
        "extensions": {
            "pydantic_core._pydantic_core": f"/lib/python3.14/site-packages/{extension}"
        },
        "bundles": {
            module_of(name): bundle
            for bundle, members in later.items()
            for name in members
            if name.endswith(".py")
        },
    }
    files["manifest.json"] = json.dumps(manifest, sort_keys=True).encode()
    (out / "bundles").mkdir(parents=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
