"""Tests of a program, run by pytest: it prints what it always prints, but for the time that it took."""

import ast
import os
import sys
from pathlib import Path
from typing import Any

OPTIONS = [
    *("-v", "--capture=sys", "--color=no", "--no-header", "--tb=short", "--rootdir=."),
    *("-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "anyio.pytest_plugin"),
    # pytest says so of a plugin that a program before has imported: true, and of no use to a reader.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
]
ENDS = ("passed", "failed", "skipped", "error")


def has_tests(source: str) -> bool:
    """Tell whether a program defines tests for pytest; one with a syntax error does not."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return False
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(node, functions) and node.name.startswith("test_") for node in body)


class Results:
    """A plugin of pytest that keeps the exceptions, and says at the end how many tests passed."""

    def __init__(self) -> None:
        """Have no results yet."""
        self.errors = list[BaseException]()

    def pytest_sessionstart(self, session: Any) -> None:
        """Print the numbers alone, in place of the line that tells the time as well."""
        reporter = session.config.pluginmanager.getplugin("terminalreporter")

        def summary() -> None:
            numbers = ((len(reporter.stats.get(end, [])), end) for end in ENDS)
            reporter.write_line(", ".join(f"{count} {end}" for count, end in numbers if count))

        reporter.summary_stats = summary

    def pytest_exception_interact(self, call: Any) -> None:
        """Keep the exception of a test or of its fixtures."""
        self.errors.append(call.excinfo.value)


def run_tests(source: str, name: str) -> None:
    """Run the tests of a program in the current folder; raise the exception of the first that fails."""
    import pytest

    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    Path(name).write_text(source, encoding="utf-8")
    known = set(sys.modules)
    results = Results()
    try:
        pytest.main([*OPTIONS, name], plugins=[results])
    finally:
        for module in set(sys.modules) - known:
            if module.partition(".")[0] in (Path(name).stem, "snippets"):
                del sys.modules[module]
    if results.errors:
        raise results.errors[0]
