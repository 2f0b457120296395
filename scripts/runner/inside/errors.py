"""What a reader is told of an exception: the traceback from the program's first line on, and its lines."""

import linecache
import os
import traceback
from asyncio import Task
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

HEADING = "Traceback (most recent call last):\n"
LIFESPAN = "lifespan"
"""The name of the task that waits for as long as an application lives."""


class DeadlockError(RuntimeError):
    """Raised where a loop has to run on and nothing can happen any more."""

    __module__ = "builtins"  # tracebacks say the bare name

    def __init__(self, message: str, tasks: Iterable[Task[Any]] = ()) -> None:
        """Remember where ``tasks`` wait: they are cancelled before anybody is told."""
        super().__init__(message)
        awaited = [task for task in tasks if task.get_name() != LIFESPAN]
        awaited.sort(key=lambda task: (len(task.get_name()), task.get_name()))
        frames = [frame for task in awaited for frame in _frames(task.get_coro())]
        walked = ((frame, frame.f_lineno) for frame in frames)
        self.waiting = traceback.StackSummary.extract(walked)


def _frames(awaited: Any) -> Iterator[FrameType]:
    """Yield the frames of a coroutine and of what it awaits, the innermost last."""
    while awaited is not None:
        frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "gi_frame", None)
        if frame:
            yield frame
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)


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
    if isinstance(error, DeadlockError):
        told.stack[:] = [f for f in (*told.stack, *error.waiting) if f.filename == name]
    lines = [frame.lineno or 0 for frame in told.stack if frame.filename == name]
    if isinstance(error, SyntaxError) and error.filename == name and error.lineno:
        lines.append(error.lineno)
    text = "".join(told.format())
    return Failure(
        type(error).__name__,
        str(error),
        text if told.stack else text.replace(HEADING, "", 1),
        lines,
    )


def _shorten(told: traceback.TracebackException, name: str) -> None:
    """Leave the frames out that are ours, those above the program, and those far below it."""
    for inner in (told.__cause__, told.__context__, *(told.exceptions or [])):
        if inner:
            _shorten(inner, name)
    frames = [frame for frame in told.stack if not frame.filename.startswith(HERE)]
    own = [number for number, frame in enumerate(frames) if frame.filename == name]
    if own:
        below = len(frames) - own[-1] - 1
        frames = frames[own[0] : own[-1] + 1 if below > DEEP else None]
    told.stack[:] = frames


HERE = os.path.dirname(_shorten.__code__.co_filename) + os.sep
DEEP = 4
"""Frames of libraries below the program that are still shown."""
