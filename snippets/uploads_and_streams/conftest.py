"""A real browser and servers of their own for the answers about uploads and streams."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Page, sync_playwright

from scripts.setup.chromium import system_chromium
from tests.conftest import CHROMIUM_FLAGS
from tests.servers.processes import running

Result = TypeVar("Result")
PATIENCE = 30_000  # milliseconds


@pytest.fixture
def in_browser() -> Callable[[Callable[[Page], Result]], Result]:
    """Return ``in_browser(visit)``, which gives what ``visit(page)`` returns, with a page of Chromium.

    It runs in a thread of its own: beside Playwright no other code of a thread can start an event loop.
    """

    def run(visit: Callable[[Page], Result]) -> Result:
        def visited() -> Result:
            with (
                sync_playwright() as playwright,
                playwright.chromium.launch(
                    executable_path=system_chromium(), args=CHROMIUM_FLAGS
                ) as chromium,
            ):
                page = chromium.new_page()
                page.set_default_timeout(PATIENCE)
                return visit(page)

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(visited).result()

    return run


@pytest.fixture
def start() -> Any:
    """Return ``start(command, log, **options)``: a server in a process of its own, on a free port.

    A context manager that gives the port; ``command(port)`` is the command.
    """
    return running
