"""A real browser and servers of their own for the answers about uploads and streams."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from scripts.setup.chromium import system_chromium
from tests.conftest import CHROMIUM_FLAGS
from tests.servers.processes import running

Result = TypeVar("Result")
PATIENCE = 120_000  # milliseconds


@pytest.fixture(scope="session")
def chromium() -> Iterator[tuple[ThreadPoolExecutor, Browser]]:
    """Start one Chromium for all tests, in a thread of its own; give both.

    Beside Playwright no other code of a thread can start an event loop.
    """
    with ThreadPoolExecutor(1) as pool:
        playwright = pool.submit(sync_playwright().start).result()
        launch = partial(playwright.chromium.launch, args=CHROMIUM_FLAGS)
        try:
            browser = pool.submit(launch, executable_path=system_chromium()).result()
            yield pool, browser
            pool.submit(browser.close).result()
        finally:
            pool.submit(playwright.stop).result()


@pytest.fixture
def in_browser(
    chromium: tuple[ThreadPoolExecutor, Browser],
) -> Callable[[Callable[[Page], Result]], Result]:
    """Return ``in_browser(visit)``, which gives what ``visit(page)`` returns.

    Each page is new, and shares neither cookies nor caches with an earlier one.
    """
    pool, browser = chromium

    def run(visit: Callable[[Page], Result]) -> Result:
        def visited() -> Result:
            with browser.new_page() as page:
                page.set_default_timeout(PATIENCE)
                return visit(page)

        return pool.submit(visited).result()

    return run


@pytest.fixture
def start() -> Any:
    """Return ``start(command, log, **options)``: a server in a process of its own, on a free port.

    A context manager that gives the port; ``command(port)`` is the command.
    """
    return running
