"""Options of the test run, how it is shared out, the validation before it, and what it may not leave."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from scripts.catalogue.answers import load
from scripts.catalogue.files.annotations import annotations, in_actions, tell, with_reason
from scripts.catalogue.files.problems import Problem, Problems

RUN = "FASTAPI_ANSWERS_RUN_OF_TESTS"  # in the environment of each process that a run starts
GRACE = 30.0  # seconds that processes which were told to end may take
HELPER = "from multiprocessing.resource_tracker import"  # it ends with the process that uses it
LEFT: pytest.StashKey[list[str]] = pytest.StashKey()
STATUS: pytest.StashKey[set[str]] = pytest.StashKey()
FAULTS: pytest.StashKey[list[str]] = pytest.StashKey()
finished: set[str] = set()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of `make record`."""
    parser.addoption("--record", action="store_true", help="write the recorded outputs again")


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one process more than there are cores: many tests wait for a server or a limit of time."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let the tests of a file run in one process, with what they make once; groups are no files.

    In the order of collection: tests in a browser come last.
    """
    from xdist.scheduler import LoadGroupScheduling  # not there with `-p no:xdist`

    config.option.loadscopereorder = False
    scheduler: Any = LoadGroupScheduling(config, log)
    group_of = scheduler._split_scope
    scheduler._split_scope = lambda test: (
        test.partition("::")[0] if group_of(test) == test else group_of(test)
    )
    return scheduler


@pytest.hookimpl(wrapper=True)
def pytest_collection_finish(session: pytest.Session) -> Generator[None]:
    """Send the groups of pytest-xdist with the ids of the tests; everything else sees the plain ids.

    pytest-xdist 3.8 writes them into an attribute that pytest 9.2 no longer reads, so no group would hold.
    """
    items: list[Any] = [item for item in session.items if hasattr(item, "_nodeid")]
    plain = [(item, item._id) for item in items]
    for item, own in plain:
        item._id = type(own).parse(item._nodeid)
    yield
    for item, own in plain:
        item._id = own


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Keep the tests as pytest compiles them, whatever the environment says of other code.

    To take each ``assert`` apart anew costs each process more than to import all that the tests use. What a
    test imports or starts writes no byte code: it may edit a file twice in the second that Python looks at.
    """
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = before and "PYTEST_CURRENT_TEST" in os.environ
    try:
        return (yield)
    finally:
        sys.dont_write_bytecode = before


def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop with one line for each fault that the files alone tell, which tests would only repeat.

    Who names tests may be in the middle of writing an answer: then the front matter alone has to be right.
    """
    if hasattr(session.config, "workerinput"):
        return
    session.config.stash[STATUS] = status_of(session.config.rootpath)
    # A run within a test belongs to the run outside, which looks at the end.
    os.environ.setdefault(RUN, f"{os.getpid()} {uuid4().hex}")
    try:
        if session.config.args_source is pytest.Config.ArgsSource.ARGS:
            load()
            return
        from scripts.validation.validate import validate  # takes a while to import

        if problems := validate():
            raise Problems(problems)
    except Problems as found:
        tell(found)
        pytest.exit("the files have faults", returncode=1)


def processes_of(run: str) -> Iterator[tuple[int, str]]:
    """Yield the number of each other process that a run has started, and who started which command.

    They are those with the run in their environment, as Linux tells it (proc_pid_environ(5)); elsewhere none.
    """
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            variables = (folder / "environ").read_bytes().split(b"\0")
            if f"{RUN}={run}".encode() not in variables or int(folder.name) == os.getpid():
                continue
            tests = [value for value in variables if value.startswith(b"PYTEST_CURRENT_TEST=")]
            test = b"".join(tests).partition(b"=")[2].decode(errors="replace").rpartition(" (")[0]
            command = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            )
            if HELPER not in command:
                yield int(folder.name), f"{test or 'the run'}: {command[:160].strip()}"


def status_of(root: Path) -> set[str]:
    """Return which files git calls new, changed or gone; none where there is no repository."""
    command = ["git", "--no-optional-locks", "status", "--porcelain", "--untracked-files=all"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return set(result.stdout.splitlines())


def pytest_runtest_logfinish(nodeid: str) -> None:
    """Count a test that has ended."""
    finished.add(nodeid)


def unfinished(session: pytest.Session) -> Iterator[str]:
    """Yield what a run that passes may not do: leave files of the project changed, or tests out."""
    before = session.config.stash.get(STATUS, None)
    if before is None or session.exitstatus != pytest.ExitCode.OK:
        return
    for line in sorted(status_of(session.config.rootpath) ^ before):
        is_edit = line[:2] == " M" and "CI" not in os.environ  # of an author, meanwhile
        if not is_edit and not session.config.getoption("record"):
            remedy = "Write below `tmp_path`, in processes that are started too."
            yield str(Problem(line[3:], 1, "it changed while the tests ran", remedy, "Tests"))
    missing = session.testscollected - len(finished)
    if missing > 0 and not session.config.option.collectonly:
        fault = f"{missing} of {session.testscollected} tests did not run"
        place = session.config.args[0].partition("::")[0]
        yield str(Problem(place, 1, fault, "Delete what ends the run.", "Tests"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a run fail that changes the project, or leaves processes, such as those of a server; end them."""
    if faults := list(unfinished(session)):
        session.config.stash[FAULTS] = faults
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    run = os.environ.get(RUN, "")
    if not run.startswith(f"{os.getpid()} "):
        return
    del os.environ[RUN]
    pause = threading.Event()
    for _ in range(int(GRACE / 0.1)):
        if not any(processes_of(run)):
            return
        pause.wait(0.1)
    left = session.config.stash[LEFT] = []
    for number, text in processes_of(run):
        left.append(text)
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def left_by(root: Path, text: str) -> str:
    """Return the fault of a test that has left a process, at its line; ``text`` is of ``processes_of``."""
    remedy = "End it in the test, or in the fixture that starts it."
    test = re.match(r"(?P<file>[^:]+)::(?P<name>\w+)\S*: ", text)
    if not test or not (root / test["file"]).is_file():
        return f"ERROR A process was left by {text}. {remedy}"
    source = (root / test["file"]).read_text(encoding="utf-8").partition(f"def {test['name']}(")[0]
    fault = f"{test['name']} has left a process: {text[test.end() :]}"
    return str(Problem(test["file"], source.count("\n") + 1, fault, remedy, "Tests"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the processes that were left. In GitHub Actions, show each fault on its line of the diff."""
    for text in terminalreporter.config.stash.get(FAULTS, []):
        terminalreporter.write_line(text, red=True)
    for text in terminalreporter.config.stash.get(LEFT, []):
        terminalreporter.write_line(left_by(terminalreporter.config.rootpath, text), red=True)
    if in_actions():
        reports = [*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")]
        for command in annotations(
            "\n".join(with_reason(report.longreprtext) for report in reports)
        ):
            terminalreporter.write_line(command)
