"""A claimed test has run, asserted and passed, or the page claims too much.

Hooks of pytest that ``snippets/conftest.py`` takes from here, so that they hold for the snippets alone.
"""

import re
import signal
import traceback
from collections.abc import Generator
from pathlib import Path

import pytest

from scripts.catalogue.files.problems import Problem
from tests.proving.held import never_held
from tests.proving.watching import SNIPPETS, Now, name_of, refuse, watched

LONGEST_IMPORT = 60  # seconds, on a busy machine
LEFT_OUT = re.compile(
    r"Skipped: ((docs/\S+ )?needs (fastapi|starlette|pydantic|uvicorn|python) \S+|this machine lacks .+)"
)
# In the report of a test that wants to reach another machine: of pytest-socket, or of a look-up.
NETWORK = ("A test tried to use socket", "socket.gaierror")


def page_of(test_file: Path) -> str:
    """Return the path of the page that a test file proves, for example ``docs/routing/order.md``."""
    topic, slug = test_file.relative_to(SNIPPETS).parts[:2]
    return f"docs/{topic}/{slug}.md".replace("_", "-")


def left_out(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return what is wrong with a test that did not run, or nothing."""
    file, line, _ = getattr(report, "location", None) or ("", 0, "")
    reason = "an expected failure"
    if isinstance(report.longrepr, tuple):
        reason = report.longrepr[2]
        if report.longrepr[0].startswith(SNIPPETS):  # and not where a library skips
            file, line = name_of(report.longrepr[0]), report.longrepr[1] - 1
    if not report.skipped or LEFT_OUT.match(reason):
        return ""
    remedy = "Only `since`, `needs` and a missing server leave a test out."
    return str(Problem(file, (line or 0) + 1, f"a test is left out: {reason}", remedy, "Tests"))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Refuse an import that does not end, sleeps, writes, or leaves something behind."""
    if not isinstance(collector, pytest.Module):
        return (yield)
    remedy = "A snippet only defines things when it is imported."
    end = lambda _, frame: refuse("the import does not end", remedy, frame)  # noqa: E731
    if limited := hasattr(signal, "setitimer"):  # not on Windows
        signal.signal(signal.SIGALRM, end)
        signal.setitimer(signal.ITIMER_REAL, LONGEST_IMPORT)
    with watched(name_of(collector.path), 1, imports=True):
        report = yield
    if limited:
        signal.setitimer(signal.ITIMER_REAL, 0)
    faults = [*Now.faults, *filter(None, [left_out(report)])]
    text = report.longreprtext
    if report.failed and not faults and not re.search(r"^\S+:\d+: ", text, re.M):
        line = int((re.search(r"at line (\d+)", text) or [0, 1])[1])
        remedy = "Correct it, so that pytest runs the tests."
        fault = text.strip().splitlines()[-1]
        faults = [str(Problem(name_of(collector.path), line, fault, remedy, "Tests"))]
    if faults:
        report.outcome, report.longrepr, report.result = "failed", "\n".join(faults), []
    return report


def place_of(item: pytest.Item, error: BaseException | None) -> tuple[str, int]:
    """Return the file and the innermost line of a test where an error, or what it comes from, has passed."""
    file, line, _ = item.location
    while error:
        for part in reversed(traceback.extract_tb(error.__traceback__)):
            if part.filename == str(item.path):
                return file, part.lineno or 1
        error = getattr(error, "exceptions", [error.__cause__ or error.__context__])[0]
    return file, (line or 0) + 1


def failure(item: pytest.Item, error: pytest.ExceptionInfo[BaseException]) -> str:
    """Return what a failed test says: the line of the test, the claim, and where its own code has been."""
    own = error.getrepr(
        style="short",
        tbfilter=lambda part: part.traceback.filter(lambda x: str(x.path).startswith(SNIPPETS)),
    )
    remedy = "Correct the code, or the page and the test together."
    if any(sign in error.exconly() for sign in NETWORK):
        remedy = "No test needs a network: answer the call in memory, as with httpx.MockTransport."
    page = page_of(item.path)
    fault = f"{page} claims “{item.name}”, and the code does not show it"
    problem = Problem(*place_of(item, error.value), fault, remedy, "Tests")
    return "\n    ".join([str(problem), *str(own).splitlines()])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say which page makes the claim that a failed test no longer proves; refuse one that proves none."""
    report = yield
    fault = left_out(report)
    if call.when == "call" and report.passed and not Now.assertions:
        file, line, _ = report.location
        fault = "the test passed without an assertion"
        fault = str(Problem(file, (line or 0) + 1, fault, "Assert what its name claims.", "Tests"))
    elif call.when == "call" and report.passed:
        fault = never_held(item)
    if fault:
        report.outcome, report.longrepr = "failed", fault
    elif report.failed and Now.faults:
        faults = [fault for fault in dict.fromkeys(Now.faults) if fault not in Now.told]
        report.longrepr = "\n".join(faults) or "As above."  # and not where Python met them
        Now.told.update(faults)
        Now.faults.clear()
    elif (
        report.failed
        and call.when == "call"
        and call.excinfo
        and getattr(call.excinfo.value, "pytrace", True)
    ):
        report.longrepr = failure(item, call.excinfo)
    return report
