"""Checks of the windows that the tests share."""

from playwright.sync_api import Browser, Route

from tests.conftest import new_context


def test_a_window_that_closes_while_it_answers_a_request_disturbs_no_other(
    browser: Browser,
) -> None:
    with new_context(browser, "phone") as window:
        page = window.new_page()

        def answer(route: Route) -> None:
            page.wait_for_function("() => false")  # ends when the window closes

        page.route("**/slow", answer)
        with page.expect_request("**/slow"):
            page.evaluate("() => void fetch('http://page.test/slow')")
    with new_context(browser, "phone") as other:
        assert other.pages == []
