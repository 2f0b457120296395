"""Archives of Python modules, compiled by the very interpreter that will load them.

All is the same in each run: the order of the files, their times, what a compiler might choose.
"""

import importlib.util
import io
import zipfile
from types import CodeType

EPOCH = (1980, 1, 1, 0, 0, 0)
HOME = "/lib/python314.zip"
"""Where the core is found in the browser; tracebacks name it."""
READ = ("anyio/__init__", "anyio/abc/__init__", "anyio/_lazyimport", "anyio/streams/__init__")
"""Modules that read their own source."""


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
