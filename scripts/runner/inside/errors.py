"""What a reader is told of an exception: the traceback from the program's first line on, and its lines."""

import linecache
import traceback
from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """An exception as the page shows it."""

    kind: str
    message: str
    traceback: str
    lines: list[int]
    """The lines of the program that it passed, the innermost last."""


def remember(name: str, source: str) -> None:
    """Let tracebacks show the lines of a program that is no file."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)


def failure(error: BaseException, name: str) -> Failure:
    """Return what is told of an ``error`` of the program ``name``: frames above it are left out."""
    told = traceback.TracebackException.from_exception(error)
    _shorten(told, name)
    lines = [frame.lineno or 0 for frame in told.stack if frame.filename == name]
    if isinstance(error, SyntaxError) and error.filename == name and error.lineno:
        lines.append(error.lineno)
    return Failure(type(error).__name__, str(error), "".join(told.format()), lines)


def _shorten(told: traceback.TracebackException, name: str) -> None:
    for inner in (told.__cause__, told.__context__, *(told.exceptions or [])):
        if inner:
            _shorten(inner, name)
    first = next((n for n, frame in enumerate(told.stack) if frame.filename == name), None)
    last = next((n for n, f in enumerate(reversed(told.stack)) if f.filename == name), 0)
    if first is not None:
        frames = list(told.stack)[first:]
        told.stack[:] = frames[: len(frames) - last] if last > DEEP else frames


DEEP = 4
"""Frames of libraries below the program that are still shown."""
