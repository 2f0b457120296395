"""What axe found right is not judged again; everything else is, on each page."""

import pytest
from playwright.sync_api import Browser

from tests.browser.axe import COLOUR_RULES, violations
from tests.conftest import new_context

SEEN = "<p style='color: #222'>A text that everybody can read.</p>"
PLACED = f"<div style='position: absolute; top: 99px'>{SEEN}</div>"
BEHIND = "<div style='position: absolute; inset: 0; background: #333'></div>"
FAULTS = [
    "<p style='color: #ccc'>The same words in grey.</p>",
    "<div style='background: #333'>" + SEEN + "</div>",
    "<div style='opacity: .3'>" + SEEN + "</div>",
    BEHIND + PLACED,
]


@pytest.mark.parametrize("fault", FAULTS, ids=["text", "ground", "opacity", "position"])
def test_a_fault_is_found_after_a_page_that_was_right(browser: Browser, fault: str) -> None:
    with new_context(browser, "phone") as context:
        page = context.new_page()
        for body, count in ((SEEN + PLACED, 0), (SEEN + fault, 1), (SEEN + PLACED, 0), (fault, 1)):
            page.goto("about:blank")
            page.set_content(f"<!doctype html><html lang=en><title>Page</title><body>{body}")
            found = violations(page, *COLOUR_RULES)
            assert [len(violation["nodes"]) for violation in found] == [1] * count
