"""What a test of a snippet does, seen from outside: what it asserts, changes, and leaves behind."""

import functools
import os
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

from scripts.catalogue.files.problems import Problem
from scripts.project import ROOT
from scripts.validation.code.blocks import RECORDED
from tests.proving.state import State, state
from tests.servers.processes import HELD

SNIPPETS = f"{ROOT}/snippets/"
TEMPORARY = os.path.realpath(tempfile.gettempdir())
# Events of `sys.audit` that change files, and how many of the arguments, or which one, are paths.
CHANGES = dict.fromkeys(("open", "sqlite3.connect", "os.mkdir", "os.remove", "os.rmdir"), slice(1))
CHANGES |= dict.fromkeys(("os.chmod", "os.chown", "os.truncate", "os.utime"), slice(1))
CHANGES |= {"shutil.rmtree": slice(1), "os.rename": slice(2)}
CHANGES |= dict.fromkeys(("os.link", "os.symlink"), slice(1, 2))
STARTS = {"os.system", "os.exec", "os.fork", "os.posix_spawn", "socket.connect"}
STARTS |= {"socket.getaddrinfo", "socket.gethostbyname"}
IN_FUNCTION = "Call it in a function, or in the lifespan."
CACHES = ("/__pycache__", "/.cache/", "/.mypy_cache", "/.pytest_cache", "/pytest-cache-files")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


class Now:
    """What happens while a test file is imported, or a test runs."""

    watched = imports = records = False
    assertions = 0
    read: set[str] = set()  # noqa: RUF012  # recorded files
    made: set[str] = set()  # noqa: RUF012  # temporary files and folders that nobody removes by himself
    faults: list[str] = []  # noqa: RUF012  # of the one test that runs
    told: set[str] = set()  # noqa: RUF012  # faults of earlier tests


def name_of(path: object) -> str:
    """Return a path as problems name it."""
    return str(path).removeprefix(f"{ROOT}/")


def note(file: str, line: int, fault: str, remedy: str) -> str:
    """Note a fault of what runs, and return it."""
    Now.faults.append(str(Problem(file, line, fault, remedy, "Tests")))
    return Now.faults[-1]


def innermost(frame: FrameType | None) -> FrameType | None:
    """Return the innermost frame of a snippet or its test."""
    while frame and not frame.f_code.co_filename.startswith(SNIPPETS):
        frame = frame.f_back
    return frame


def refuse(fault: str, remedy: str, frame: FrameType | None) -> None:
    """Note a fault, and raise it at the innermost line of a snippet or its test."""
    if frame := innermost(frame):
        raise RuntimeError(note(name_of(frame.f_code.co_filename), frame.f_lineno, fault, remedy))


def importing() -> bool:
    """Tell whether an import is going on: of a test file, or of right code by whatever imports it."""
    frame: FrameType | None = sys._getframe()
    while frame and not Now.imports and (frame := innermost(frame.f_back)):
        name = os.path.basename(frame.f_code.co_filename)
        is_import = frame.f_code.co_name == "<module>" and frame.f_globals["__name__"] != "__main__"
        # Alembic runs an env.py: that is no import.
        if is_import and not name.startswith(("test_", "wrong_", "env.py")):
            return True
    return Now.imports


def note_made(path: str) -> None:
    """Note a temporary file or folder that a snippet or its test makes itself; a module keeps its own."""
    frame: FrameType | None = sys._getframe(2)
    while frame and frame.f_code.co_filename == tempfile.__file__:
        frame = frame.f_back
    if frame and frame is innermost(frame) and frame.f_code.co_name != "<module>":
        Now.made.add(path)


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse an import that sleeps or starts something, and changes outside of temporary folders."""
    if not Now.watched:
        return
    if event == "time.sleep" and arguments[0] > 0 and importing():
        refuse("the import sleeps", "Sleep where it is shown: in a function.", sys._getframe())
    if event in STARTS and importing():
        refuse(f"the import calls {event}", IN_FUNCTION, sys._getframe())
    port = arguments[1][1] if event == "socket.bind" and isinstance(arguments[1], tuple) else 0
    if port and port not in {holder.getsockname()[1] for holder in HELD}:
        fault = f"another program may listen on port {port}"
        refuse(fault, "Bind port 0, or `free_port()`.", sys._getframe())
    if event in ("tempfile.mkdtemp", "tempfile.mkstemp"):
        note_made(arguments[0])
    if event == "subprocess.Popen" and importing():
        frame = innermost(sys._getframe())
        if not frame or "/test_" in frame.f_code.co_filename:
            return  # A test may ask what the machine has.
        refuse("the import starts a program", IN_FUNCTION, sys._getframe())
    if event == "open" and not arguments[2] & WRITES:
        if str(arguments[0]).endswith(RECORDED):
            Now.read.add(os.path.realpath(arguments[0]))
        return
    if event not in CHANGES or (event == "os.mkdir" and os.path.isdir(arguments[0])):
        return  # A folder that is there already: the call fails, or is content.
    if event in ("os.remove", "os.rmdir") and arguments[1] >= 0:
        return  # `shutil.rmtree`, which told of its folder
    for path in arguments[CHANGES[event]]:
        if isinstance(path, str | Path) and "memory" not in str(path) and not is_temporary(path):
            refuse(f"the code changes {name_of(path)}", "Write below `tmp_path`.", sys._getframe())


def is_temporary(path: str | Path) -> bool:
    """Tell whether a file may be changed: in a temporary folder, as byte code, or as recorded output."""
    real = os.path.realpath(path)
    if f"{ROOT}/" in real:
        return Now.records or any(cache in real for cache in CACHES)
    return real.startswith((TEMPORARY, "/dev/", "/proc/"))


def runs_snippet(thread: threading.Thread) -> bool:
    """Tell whether a thread is in the code of a snippet; those of libraries may wait for more to do."""
    frame = sys._current_frames().get(thread.ident or 0)
    stack = traceback.extract_stack(frame) if frame else []
    return any(one.filename.startswith(SNIPPETS) for one in stack)


def left(threads: set[threading.Thread], before: State, after: State) -> Iterator[str]:
    """Yield what is not as it was: what every test finds, and threads."""
    yield from sorted({name for name, _ in before.items() ^ after.items()})
    yield from (f"the temporary {path}" for path in sorted(Now.made) if os.path.exists(path))
    for thread in set(threading.enumerate()) - threads:
        if runs_snippet(thread):
            thread.join(5)
        if runs_snippet(thread):
            yield f"the thread {thread.name}"


@contextmanager
def watched(
    file: str, line: int, module: ModuleType | None = None, *, imports: bool = False
) -> Iterator[None]:
    """Note what an import, or a test of ``module``, does that it may not, and what it leaves behind."""
    threads, before = set(threading.enumerate()), state(module)
    Now.watched, Now.imports, Now.assertions, Now.faults = True, imports, 0, []
    Now.read.clear()
    Now.made.clear()
    try:
        yield
    finally:
        Now.watched = False
        for what in left(threads, before, state(module)):
            note(file, line, f"left behind: {what}", "End or undo it; `monkeypatch` undoes.")


@pytest.fixture(autouse=True)
def _watched(request: pytest.FixtureRequest) -> Iterator[None]:
    """Watch a test; its other fixtures of the same scope begin later and end sooner."""
    Now.records = request.config.getoption("--record")
    file, line, _ = request.node.location
    with watched(file, (line or 0) + 1, request.module):
        yield
    if Now.faults:
        pytest.fail("\n".join(dict.fromkeys(Now.faults)), pytrace=False)


def counted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function`` of pytest, which asserts, with its calls counted."""

    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        Now.assertions += 1
        return function(*arguments, **options)

    return call


sys.addaudithook(watch)
for name in ("deprecated_call", "raises", "warns"):
    setattr(pytest, name, counted(getattr(pytest, name)))
