"""Make the archives of Python modules for the browser; runs in the browser's interpreter, under Node.

Modules are compiled by the very interpreter that will load them. All is the same in each run: the order of
the files, their times, what a compiler might choose.
"""

import gzip
import importlib.util
import io
import json
import re
import sys
import zipfile
from pathlib import Path
from types import CodeType
from typing import Any

EPOCH = (1980, 1, 1, 0, 0, 0)
HOME = "/lib/python314.zip"
"""Where the core is found in the browser; tracebacks name it."""
GONE = (
    *("antigravity", "curses", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "this"),
    *(
        "tkinter",
        "turtle",
        "turtledemo",
        "venv",
        "pydantic/mypy",
        "pydantic/v1/",
        "pydantic/_hypothesis",
    ),
    *("anyio/_backends/_trio", "fastapi/cli", "fastapi/__main__"),
    *("flask/sansio/README", "werkzeug/debug/shared/", "strawberry/cli/", "strawberry/ext/mypy"),
    *("pygments/lexers/", "pygments/styles/"),
    *(f"sqlalchemy/dialects/{name}/" for name in ("mssql", "mysql", "oracle")),
    *("sqlalchemy/testing/", "sqlalchemy/ext/mypy/"),
)
"""What no program of a page can use."""
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
KEPT = (
    *(f"pygments/lexers/{name}" for name in ("__init__", "_mapping", "diff", "python")),
    *(f"pygments/styles/{name}" for name in ("__init__", "_mapping", "default")),
)
"""What is of use all the same, as pytest imports it."""
COMPILED = (".so", ".c")
"""What of other platforms' wheels is of no use."""
READ = ("anyio/__init__", "anyio/abc/__init__", "anyio/_lazyimport", "anyio/streams/__init__")
"""Modules that read their own source."""


def module_of(name: str) -> str:
    """Return the module that a file of an archive is."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def compiled(source: bytes, name: str) -> bytes:
    """Return a module as the interpreter keeps it compiled, never compared with its source."""
    import marshal

    code: CodeType = compile(source, f"{HOME}/{name}", "exec", dont_inherit=True, optimize=0)
    return importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8) + marshal.dumps(code)


def archive(files: dict[str, bytes], *, packed: bool) -> bytes:
    """Return a ZIP archive of ``files``, their modules compiled."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        for name, content in sorted(files.items()):
            entries = {name: content}
            if name.endswith(".py"):
                entries = {f"{name}c": compiled(content, name)}
                if name.removesuffix(".py") in READ:
                    entries[name] = content
            for entry, data in entries.items():
                info = zipfile.ZipInfo(entry, EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
                target.writestr(info, data)
    return made.getvalue()


def read(path: Path) -> dict[str, bytes]:
    """Return the files of an archive that are of use: modules, data, and what tells a version."""
    with zipfile.ZipFile(path) as source:
        files = {i.filename: source.read(i) for i in source.infolist() if not i.is_dir()}
    kept = dict[str, bytes]()
    for name, content in files.items():
        if name.endswith(("/RECORD", "/WHEEL", "/top_level.txt", ".pyi", "py.typed")):
            continue
        is_gone = name.startswith(GONE) and not name.startswith(KEPT)
        if is_gone or "/licenses/" in name or ".dist-info/LICENSE" in name:
            continue
        if name.endswith(".dist-info/METADATA"):
            content = content.partition(b"\n\n")[0] + b"\n"
        kept[name] = content
    return kept


INTERPRETER = """What runs programs in the browser, and under which licences.

Pyodide (pyodide.mjs, pyodide.asm.mjs, pyodide.asm.wasm): Mozilla Public License 2.0, https://mozilla.org/MPL/2.0/;
its source: https://github.com/pyodide/pyodide
CPython (in pyodide.asm.wasm, core.bin and bundles/): https://docs.python.org/3/license.html
"""


def licences(wheels: list[Path]) -> str:
    """Return the licences of wheels, each under the name of its package."""
    parts = [INTERPRETER]
    for path in wheels:
        with zipfile.ZipFile(path) as source:
            names = [n for n in sorted(source.namelist()) if ".dist-info/" in n]
            texts = [
                source.read(n).decode() for n in names if re.search("licen[cs]e|copying", n, re.I)
            ]
        parts.append(f"{path.name}\n\n" + "\n\n".join(texts))
    return f"\n{'=' * 80}\n\n".join(parts)


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

    ``core`` and ``lazy`` name wheels as ``scripts.runner.packages`` has them; ``loaded`` are the modules that
    a first application needed.
    """
    out, engine = Path(folders["out"]), Path(folders["pyodide"])
    wheels = sorted(Path(folders["wheels"]).glob("*.whl"))
    releases = {path.name.split("-")[0].replace("_", "-"): path for path in wheels}
    modules = read(engine / "python_stdlib.zip")
    for package in core:
        modules |= read(releases[package])
    for path in sorted(Path(folders["inside"]).glob("*.py")):
        modules[f"inside/{path.name}"] = path.read_bytes()
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
