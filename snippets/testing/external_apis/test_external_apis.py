import asyncio
import os
import re
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from snippets.conftest import outcomes, run_pytest
from snippets.testing.external_apis import (
    fake_rates,
    rates_tests,
    wrong_no_error_tested,
    wrong_patched_client,
)

FOLDER = Path(__file__).parent


FORGOTTEN = """
import httpx2

def test_a_forgotten_request():
    httpx2.get("http://192.0.2.1/", timeout=0.1)
"""


def report_of(folder: Path, *options: str) -> str:
    """Run the tests of the page, and one that asks a service, in a pytest of its own."""
    text = (FOLDER / "rates_tests.py").read_text()
    (folder / "test_rates.py").write_text(text)
    (folder / "test_forgotten.py").write_text(FORGOTTEN)
    return run_pytest(folder, "-v", "--tb=no", *options, COLUMNS="200").stdout


def test_the_tests_of_the_page_pass(tmp_path: Path, recorded: Any) -> None:
    report = report_of(tmp_path, "test_rates.py")
    recorded("passed.txt", "\n".join(outcomes(report)))
    assert "8 passed" in report


@pytest.mark.parametrize(
    "options",
    [("--disable-socket", "--allow-unix-socket"), ("--allow-hosts=127.0.0.1",)],
)
def test_pytest_socket_stops_a_forgotten_request_and_nothing_else(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    report = report_of(tmp_path, *options)
    assert "1 failed, 8 passed" in report
    assert re.search(
        r"FAILED test_forgotten\S+ - pytest_socket\.Socket\w*Blocked", report
    )


@pytest.mark.needs(os.name == "posix", "an event loop that uses a Unix socket")
def test_without_unix_sockets_no_test_of_the_page_passes(tmp_path: Path) -> None:
    report = report_of(tmp_path, "--disable-socket", "test_rates.py")
    assert "PASSED" not in report
    assert "test_a_rate_is_read FAILED" in report


@pytest.mark.parametrize("failure", [httpx2.ConnectError, httpx2.ReadError])
def test_a_broken_connection_is_a_502(failure: Any) -> None:
    def service(request: httpx2.Request) -> httpx2.Response:
        raise failure("broken", request=request)

    fixture: Any = rates_tests.client_with
    start = fixture.__wrapped__()
    assert next(start)(service).get("/rates/USD").status_code == 502
    next(start, None)
    assert rates_tests.app.dependency_overrides == {}


def test_a_service_that_sends_its_answer_bit_by_bit_is_a_504(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = []

    def at_once(seconds: float) -> asyncio.Timeout:
        limits.append(seconds)
        return asyncio.timeout(0)

    async def service(request: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(rates_tests, "timeout", at_once)
    fixture: Any = rates_tests.client_with
    start = fixture.__wrapped__()
    assert next(start)(service).get("/rates/USD").status_code == 504
    next(start, None)
    assert limits == [10]


def test_the_client_of_the_override_has_the_time_limit_of_production() -> None:
    timeouts = []

    def service(request: httpx2.Request) -> httpx2.Response:
        timeouts.append(request.extensions["timeout"]["read"])
        return httpx2.Response(200, json={"euros": 1})

    fixture: Any = rates_tests.client_with
    start = fixture.__wrapped__()
    assert next(start)(service).get("/rates/USD").status_code == 200
    next(start, None)
    assert timeouts == [rates_tests.create_client().timeout.read] == [5]


@pytest.mark.parametrize(
    "body",
    [
        b'{"euros": "\xff"}',
        b"[" * 100_000,
        b'{"euros": 1e999}',
        b'{"euros": "\\ud800"}',
    ],
)
def test_a_body_that_cannot_be_read_is_a_502(body: bytes) -> None:
    fixture: Any = rates_tests.client_with
    start = fixture.__wrapped__()
    answer = httpx2.Response(200, content=body)
    assert next(start)(lambda _: answer).get("/rates/USD").status_code == 502
    next(start, None)


def test_without_the_override_the_service_is_called(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = FastAPI()

    @service.get("/v1/rates")
    def read(currency: str) -> dict[str, float]:
        return {"euros": 0.92 if currency == "USD" else 1}

    with serve(service) as (address, _):
        monkeypatch.setattr(rates_tests, "SERVICE", address)
        with TestClient(rates_tests.app) as client:
            assert client.get("/rates/USD").json() == {"euros": 0.92}
            assert client.get("/rates/usd").status_code == 422


def test_a_fake_replaces_the_class_of_the_client() -> None:
    fake_rates.test_the_price_is_converted()
    with pytest.raises(NotImplementedError):
        TestClient(fake_rates.app).get("/price", params={"dollars": 10})


def test_a_price_that_is_no_number_is_refused() -> None:
    answer = TestClient(fake_rates.app).get("/price", params={"dollars": "nan"})
    assert answer.status_code == 422


def test_an_async_mock_is_a_fake_without_a_class() -> None:
    fake = AsyncMock(spec=fake_rates.Rates)
    fake.euros.return_value = 0.92
    fake_rates.app.dependency_overrides[fake_rates.Rates] = lambda: fake
    try:
        response = TestClient(fake_rates.app).get("/price", params={"dollars": 10})
    finally:
        del fake_rates.app.dependency_overrides[fake_rates.Rates]
    assert response.json() == {"euros": 9.2}
    fake.euros.assert_awaited_once_with("USD")


def test_a_client_of_a_module_is_replaced_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = httpx2.Response(200, json={"euros": 0.92})
    transport = httpx2.MockTransport(lambda request: answer)
    fake = httpx2.AsyncClient(base_url="https://rates.example.com", transport=transport)
    monkeypatch.setattr(wrong_no_error_tested, "client", fake)
    response = TestClient(wrong_no_error_tested.app).get("/rates/USD")
    assert response.json() == {"euros": 0.92}


def test_a_cookie_of_the_service_that_is_not_ascii_fails_no_later_call() -> None:
    cookie = (b"set-cookie", "city=Köln".encode())

    def service(request: httpx2.Request) -> httpx2.Response:
        assert "cookie" not in request.headers
        return httpx2.Response(200, json={"euros": 0.92}, headers=[cookie])

    async def main() -> list[float]:
        transport = httpx2.MockTransport(service)
        async with rates_tests.create_client(transport) as client:
            rates = [await rates_tests.read_rate("USD", client) for _ in range(2)]
        return [rate.euros for rate in rates]

    assert asyncio.run(main()) == [0.92, 0.92]


def test_a_mock_transport_does_not_keep_the_timeout_but_is_told_it() -> None:
    timeouts = []

    async def service(request: httpx2.Request) -> httpx2.Response:
        for _ in range(5):
            await asyncio.sleep(0)
        timeouts.append(request.extensions["timeout"]["read"])
        return httpx2.Response(200)

    async def call() -> int:
        transport = httpx2.MockTransport(service)
        async with httpx2.AsyncClient(transport=transport, timeout=1e-9) as client:
            return (await client.get("http://service")).status_code

    assert asyncio.run(call()) == 200
    assert timeouts == [1e-9]


@pytest.mark.since(starlette="1.2.0")
def test_the_patch_of_the_class_answers_for_the_test_client_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong_patched_client.test_rates(monkeypatch)
    answer = TestClient(wrong_patched_client.app).get("/no-such-path")
    assert answer.status_code == 200


@pytest.mark.since(starlette="1.2.0")
def test_the_test_client_is_a_client_of_httpx2() -> None:
    assert issubclass(TestClient, httpx2.Client)


@pytest.mark.parametrize(
    "answer", [httpx2.Response(500, json={"error": "x"}), httpx2.Response(200, json=1)]
)
def test_the_wrong_endpoint_passes_on_whatever_the_service_says(
    answer: httpx2.Response, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = httpx2.AsyncClient(
        base_url="http://service", transport=httpx2.MockTransport(lambda _: answer)
    )
    monkeypatch.setattr(wrong_no_error_tested, "client", client)
    response = TestClient(wrong_no_error_tested.app).get("/rates/USD")
    assert response.status_code == 200


def test_the_wrong_endpoint_is_a_500_when_the_service_answers_html(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = httpx2.Response(200, text="<h1>Maintenance</h1>")
    client = httpx2.AsyncClient(
        base_url="http://service", transport=httpx2.MockTransport(lambda _: answer)
    )
    monkeypatch.setattr(wrong_no_error_tested, "client", client)
    client_of_tests = TestClient(
        wrong_no_error_tested.app, raise_server_exceptions=False
    )
    assert client_of_tests.get("/rates/USD").status_code == 500


def test_a_response_of_a_file_is_the_recorded_body(tmp_path: Path) -> None:
    file = tmp_path / "rate.json"
    file.write_bytes(b'{"euros": 0.92}')
    answer = httpx2.Response(200, content=file.read_bytes())
    assert rates_tests.Rate.model_validate_json(answer.content).euros == 0.92
