"""Options of the test run, how it is shared out, and the validation of the catalogue before any test."""

import os
import sys
from collections.abc import Generator
from typing import Any

import pytest

from scripts.catalogue.answers import load
from scripts.catalogue.files.annotations import annotations, in_actions, tell, with_reason
from scripts.catalogue.files.problems import WHAT_TO_DO, Problems


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


def faults(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return what a failed test says, a line for each fault."""
    told = [text for name, text in report.sections if name == WHAT_TO_DO]
    return "\n".join([with_reason(report.longreprtext), *told])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In GitHub Actions, show each fault on its line of the pull request's diff."""
    if in_actions():
        reports = [*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")]
        for command in annotations("\n".join(map(faults, reports))):
            terminalreporter.write_line(command)
