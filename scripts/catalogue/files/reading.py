"""Read once: within one reading no file is read twice, and an edit shows in the next reading.

What takes long to find out about a text is kept on disk, in ``.cache``, until the text or the code changes.
"""

import contextlib
import functools
import hashlib
import inspect
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from scripts.catalogue.files.problems import Problem, Problems
from scripts.project import ROOT

CACHE = ROOT / ".cache" / "texts"
P = ParamSpec("P")
T = TypeVar("T")
results: list[dict[object, Any]] = []
"""What functions that run ``once`` returned in the open reading; none is open while it is empty."""
memory: list["Remembered"] = []
"""All functions that are ``remembered``."""


@contextlib.contextmanager
def one_reading() -> Iterator[None]:
    """Keep what functions that run ``once`` return until the block ends; an inner reading is no other."""
    if results:
        yield
        return
    results.append({})
    try:
        yield
    finally:
        results.clear()
        for function in memory:
            function.keep()


def once(function: Callable[P, T]) -> Callable[P, T]:
    """Run a function once for the same arguments within a reading, and each time outside of one.

    A page is the same where its file is.
    """
    names = list(inspect.signature(function).parameters)
    defaults = function.__defaults__ or ()

    @functools.wraps(function)
    def kept(*args: P.args, **kwargs: P.kwargs) -> T:
        if not results:
            return function(*args, **kwargs)
        missing = len(names) - len(args) - len(kwargs)
        given = (getattr(arg, "file", arg) for arg in args + defaults[len(defaults) - missing :])
        key = (function, *given, *sorted(kwargs.items()))
        if key not in results[0]:
            results[0][key] = function(*args, **kwargs)
        value: T = results[0][key]
        return value

    return kept


@once
def content_of(root: Path, name: str) -> bytes:
    """Return what a file holds; raise ``Problems`` where it is missing."""
    try:
        with open(f"{root}/{name}", "rb") as file:
            return file.read()
    except FileNotFoundError:
        problem = Problem(name, 1, "the file is missing", f"Restore it: git checkout -- {name}")
        raise Problems([problem]) from None


@once
def text_of(root: Path, name: str) -> str:
    """Return the text of a file, with line feeds alone; that it is UTF-8 is a rule of its own."""
    text = content_of(root, name).decode("utf-8-sig", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


class Remembered:
    """A pure function of a text, whose results JSON can hold.

    What the texts of a reading gave is kept on disk, until a text or the function's module changes.
    """

    def __init__(self, function: Callable[[str], Any]) -> None:
        """Start with nothing known."""
        source = Path(inspect.getsourcefile(function) or "")
        self.function, self.file = function, CACHE / f"{source.stem}.{function.__name__}.json"
        self.code = hashlib.sha256(source.read_bytes())
        self.known: dict[str, Any] | None = None
        self.met: set[str] = set()
        self.is_new = False

    def __call__(self, text: str) -> Any:
        """Return what the function returns of ``text``."""
        digest = self.code.copy()
        digest.update(text.encode("utf-8", "surrogatepass"))
        key = digest.hexdigest()
        if self.known is None:
            self.known = {}
            with contextlib.suppress(OSError, ValueError):
                self.known = json.loads(self.file.read_text(encoding="utf-8"))
        if key not in self.known:
            self.known[key] = self.function(text)
            self.is_new = True
        self.met.add(key)
        return self.known[key]

    def keep(self) -> None:
        """Write what the reading needed; where nothing can be written, the next run finds it anew."""
        if self.known is not None and self.is_new:
            content = json.dumps({key: self.known[key] for key in sorted(self.met)})
            new = self.file.with_suffix(f".{os.getpid()}")
            with contextlib.suppress(OSError):
                CACHE.mkdir(parents=True, exist_ok=True)
                new.write_text(content, encoding="utf-8")
                new.replace(self.file)
        self.met, self.is_new = set(), False


def remembered(function: Callable[[str], T]) -> Callable[[str], T]:
    """Remember what a function returns, from one run to the next."""
    memory.append(Remembered(function))
    return memory[-1]
