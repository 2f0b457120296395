"""What of the locked packages the browser gets: those that programs import and that run there."""

import re
from pathlib import Path

from packaging.requirements import Requirement

from scripts.project import ROOT
from scripts.releases.lock import LOCK

CORE = [
    *(
        "annotated-doc",
        "annotated-types",
        "anyio",
        "email-validator",
        "fastapi",
        "idna",
        "opentelemetry-api",
        "pydantic",
    ),
    *("pydantic-core", "python-multipart", "starlette", "typing-extensions", "typing-inspection"),
]
"""What each FastAPI application imports."""
LAZY = {
    "jwt": ["pyjwt"],
    "httpx2": ["httpx2", "httpx2-jsfetch"],
    "h11": ["h11"],
    "httpx": ["httpx", "httpcore", "certifi"],
    "dns": ["dnspython"],
    "pydantic_settings": ["pydantic-settings", "python-dotenv"],
    "itsdangerous": ["itsdangerous"],
    "sqlalchemy": ["sqlmodel", "sqlalchemy"],
    "a2wsgi": ["a2wsgi"],
    "click": ["click"],
    "flask": ["flask", "werkzeug", "blinker"],
    "jinja2": ["jinja2", "markupsafe"],
    "packaging": ["packaging"],
    "pytest": ["pytest", "pluggy", "iniconfig", "pygments"],
    "strawberry": ["strawberry-graphql", "graphql-core", "cross-web", "python-dateutil"],
    "uvicorn": ["uvicorn"],
}
"""What is fetched when a program imports it: the bundle, and its packages."""
COMPILED = ["markupsafe"]
"""What has no wheel for the browser, and does without its compiled modules: another's wheel will do."""
BROWSER = {
    "sys_platform": "emscripten",
    "platform_system": "Emscripten",
    "platform_machine": "wasm32",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "python_version": "3.14",
    "python_full_version": "3.14.2",
    "extra": "",
}
"""The browser's interpreter, as the markers of a lock ask for it."""


def wanted() -> set[str]:
    """Return the names of all packages for the browser."""
    return {*CORE, *(name for names in LAZY.values() for name in names)}


def pinned(root: Path = ROOT) -> dict[str, str]:
    """Return the lines of the lock that hold in the browser: version and hashes of each package.

    Raises ``LookupError`` where the lock has none for a package that is wanted.
    """
    text = (root / LOCK).read_text(encoding="utf-8")
    found = dict[str, str]()
    for entry in re.split(r"\n(?=[a-z0-9])", text):
        first = re.match(r"[a-z0-9][^\\\n]*", entry)
        if not first:
            continue
        release = Requirement(first[0].strip())
        holds = release.marker is None or release.marker.evaluate(BROWSER)
        if release.name in wanted() and holds:
            hashes = " ".join(re.findall(r"--hash=\S+", entry))
            found[release.name] = f"{release.name}{release.specifier} {hashes}"
    if missing := sorted(wanted() - set(found)):
        raise LookupError(f"{LOCK} has no release for the browser of {', '.join(missing)}")
    return found
