"""What of a wheel, or of the standard library, goes to the browser."""

import zipfile
from pathlib import Path

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
KEPT = (
    *(f"pygments/lexers/{name}" for name in ("__init__", "_mapping", "diff", "python")),
    *(f"pygments/styles/{name}" for name in ("__init__", "_mapping", "default")),
)
"""What is of use all the same, as pytest imports it."""
COMPILED = (".so", ".c")
"""What of other platforms' wheels is of no use."""


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
