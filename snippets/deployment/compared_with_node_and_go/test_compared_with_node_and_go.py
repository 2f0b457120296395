import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import metadata
from time import perf_counter
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from snippets.deployment.compared_with_node_and_go import (
    measure,
    orders,
    wrong_errors_counted,
    wrong_test_client,
)

WARM_UP = 100


class Counting:
    """An application that counts, and holds requests after the warm-up until all have come."""

    def __init__(self, all_of_them: int = 0, status: int = 200) -> None:
        self.requests = self.active = self.most = 0
        self.app = FastAPI()
        all_came = asyncio.Event()

        @self.app.get("/orders")
        async def answer() -> Response:
            self.requests += 1
            self.active += 1
            self.most = max(self.most, self.active)
            if self.requests >= WARM_UP + all_of_them:
                all_came.set()
            if self.requests > WARM_UP:
                await all_came.wait()
            self.active -= 1
            return Response(status_code=status)


def test_the_read_me_of_fastapi_says_on_par_with_node_and_go() -> None:
    text = str(metadata("fastapi").json["description"])
    assert "on par with **NodeJS** and **Go**" in text
    assert "www.techempower.com/benchmarks" in text
    assert "only below Starlette and Uvicorn themselves" in text


def test_the_warm_up_is_not_measured(serve: Any) -> None:
    counting = Counting(all_of_them=20)
    with serve(counting.app) as (address, _):
        times = asyncio.run(measure.measure(f"{address}/orders", 1000, 0.02))
    assert (len(times), counting.requests) == (20, WARM_UP + 20)


def test_requests_are_sent_whether_or_not_earlier_ones_are_answered(serve: Any) -> None:
    counting = Counting(all_of_them=150)
    with serve(counting.app) as (address, _):
        times = asyncio.run(measure.measure(f"{address}/orders", 1000, 0.15))
    assert len(times) == counting.most == 150


def test_the_time_counts_from_the_planned_moment() -> None:
    def service(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200)

    async def late() -> float:
        transport = httpx2.MockTransport(service)
        async with httpx2.AsyncClient(transport=transport) as client:
            planned = perf_counter() - 60
            return await measure.ask(client, "http://orders", planned)

    assert asyncio.run(late()) >= 60


def test_percentiles_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    measure.show([number / 1000 for number in range(101)])
    assert capsys.readouterr().out == "50 %: 50.0 ms\n95 %: 95.0 ms\n99 %: 99.0 ms\n"


def test_a_percentile_of_few_times_is_not_above_the_longest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    measure.show([0.01, 0.02])
    assert capsys.readouterr().out == "50 %: 15.0 ms\n95 %: 19.5 ms\n99 %: 19.9 ms\n"


def test_a_failed_request_ends_the_measurement(serve: Any) -> None:
    with (
        serve(Counting(status=503).app) as (address, _),
        pytest.raises(httpx2.HTTPStatusError),
    ):
        asyncio.run(measure.measure(f"{address}/orders", 1000, 0.02))


def test_a_failure_after_the_warm_up_ends_it_too(serve: Any) -> None:
    app, numbers = FastAPI(), iter(range(WARM_UP + 20))
    app.get("/orders")(
        lambda: Response(status_code=503 if next(numbers) >= WARM_UP else 200)
    )
    with serve(app) as (address, _), pytest.raises(ExceptionGroup) as raised:
        asyncio.run(measure.measure(f"{address}/orders", 1000, 0.02))
    assert raised.group_contains(httpx2.HTTPStatusError)


def test_the_endpoint_answers_with_100_orders() -> None:
    answer = TestClient(orders.app).get("/orders").json()
    assert len(answer) == 100
    assert answer[3] == {"id": 3, "placed": "2026-11-29T12:00:00Z", "euros": 0.75}


def test_requests_that_overlap_get_all_rows() -> None:
    def length(_: int) -> int:
        return len(orders.read_rows())

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(length, range(4000))) == {100}


def test_the_parts_of_the_endpoint_are_timed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    orders.show_parts(times=2)
    lines = capsys.readouterr().out.splitlines()
    names = ["read the database", "validate", "serialize"]
    assert [re.sub(r": \d+\.\d{3} ms$", "", line) for line in lines] == names


def test_a_test_client_meets_no_server_and_no_second_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, seen, active = wrong_test_client.app, list[Any](), list[int]()

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        active.append(1)
        seen.append((scope["client"][0], len(active)))
        await real(scope, receive, send)
        active.pop()

    monkeypatch.setattr(wrong_test_client, "app", noting)
    assert wrong_test_client.requests_per_second(20) > 0
    assert seen == [("testclient", 1)] * 20


def test_answers_that_refuse_are_counted_as_fast_ones(serve: Any) -> None:
    async def ask(url: str) -> float:
        async with httpx2.AsyncClient() as client:
            return await wrong_errors_counted.ask(client, url)

    with serve(Counting(status=503).app) as (address, _):
        assert asyncio.run(ask(f"{address}/orders")) > 0
