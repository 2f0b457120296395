"""A claimed test has run, asserted and passed, or the page claims too much.

Hooks of pytest that ``snippets/conftest.py`` takes from here, so that they hold for the snippets alone.
"""

import re
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from scripts.catalogue.files.problems import WHAT_TO_DO, Problem
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
        file, line, reason = name_of(report.longrepr[0]), report.longrepr[1] - 1, report.longrepr[2]
    if not report.skipped or LEFT_OUT.match(reason):
        return ""
    remedy = "Only `since`, `needs` and a missing server leave a test out."
    return str(Problem(file, line + 1, f"a test is left out: {reason}", remedy, "Tests"))


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
        report.longrepr = "\n".join(dict.fromkeys(Now.faults))  # and not where Python met them
        Now.faults.clear()
    elif report.failed:
        claim = f"the page claims “{item.name}”, and the code does not show it"
        remedy = "Correct the code, or the page and the test together."
        if any(sign in report.longreprtext for sign in NETWORK):
            remedy = (
                "No test needs a network: answer the call in memory, as with httpx.MockTransport."
            )
        problem = Problem(page_of(item.path), 1, claim, remedy, "Tests")
        report.sections.append((WHAT_TO_DO, str(problem)))
    return report
