"""The licences of all that goes to the browser."""

import re
import zipfile
from pathlib import Path

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
