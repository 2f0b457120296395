"""A real browser for the answers about responses."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from playwright.sync_api import Page, sync_playwright

from scripts.setup.chromium import system_chromium
from tests.conftest import CHROMIUM_FLAGS

Result = TypeVar("Result")
PATIENCE = 120_000  # milliseconds


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
