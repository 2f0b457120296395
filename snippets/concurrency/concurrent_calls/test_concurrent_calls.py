import asyncio
import gc
import gzip
import inspect
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import httpcore2
import httpx
import httpx2
import pytest
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

from snippets.concurrency.concurrent_calls import (
    background_task,
    deadline_and_limit,
    except_star,
    gather_calls,
    task_group,
    wrong_client_per_request,
    wrong_forgotten_task,
    wrong_http_exception_in_a_task,
    wrong_one_after_another,
)

# Turns of the event loop that a call takes: far more than three tasks need to start.
TURNS = 100
PATIENCE = 30.0


class Upstream:
    """A service in memory that counts the calls in flight.

    A call lasts a number of turns of the event loop, not a time. A call to a path in
    ``held`` lasts until ``release`` is set.
    """

    def __init__(
        self, status: dict[str, int] | None = None, held: set[str] | None = None
    ) -> None:
        self.status = status or {}
        self.held = held or set()
        self.release = asyncio.Event()
        self.in_flight = 0
        self.most_in_flight = 0
        self.finished: list[str] = []
        self.cancelled: list[str] = []

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await turns()
            if path in self.held or "*" in self.held:
                await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled.append(path)
            raise
        finally:
            self.in_flight -= 1
        self.finished.append(path)
        return httpx2.Response(self.status.get(path, 200), json=path)


async def turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


@asynccontextmanager
async def browser(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://test"
    ) as client:
        yield client


@asynccontextmanager
async def calling(
    module: ModuleType, upstream: Upstream
) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of ``module.app`` whose outgoing calls go to ``upstream``."""
    async with httpx2.AsyncClient(
        transport=httpx2.MockTransport(upstream), base_url="http://shop"
    ) as outgoing:

        async def get_client() -> httpx2.AsyncClient:
            return outgoing

        async def load(what: str) -> Any:
            response = await outgoing.get(f"/{what}")
            response.raise_for_status()
            return f"{what} of the product"

        with pytest.MonkeyPatch.context() as patch:
            if hasattr(module, "load"):
                patch.setattr(module, "load", load)
            else:
                overrides = module.app.dependency_overrides
                patch.setitem(overrides, module.get_client, get_client)
            async with browser(module.app) as client:
                yield client


def most_in_flight(module: ModuleType) -> tuple[int, str]:
    async def main() -> tuple[int, str]:
        upstream = Upstream()
        async with calling(module, upstream) as client:
            response = await client.get("/product")
        return upstream.most_in_flight, f"{response.status_code} {response.text}"

    return asyncio.run(main())


# One after another, or at the same time


def test_awaits_in_a_row_have_one_call_in_flight() -> None:
    assert most_in_flight(wrong_one_after_another)[0] == 1


@pytest.mark.parametrize("module", [task_group, gather_calls])
def test_task_group_and_gather_have_all_three_calls_in_flight(
    module: ModuleType, recorded: Any
) -> None:
    calls, answer = most_in_flight(module)
    assert calls == 3
    recorded("product.txt", f"GET /product\n{answer}")


def test_gather_keeps_the_order_of_the_calls() -> None:
    async def main() -> list[int]:
        second_ended = asyncio.Event()

        async def first() -> int:
            await second_ended.wait()
            return 1

        async def second() -> int:
            second_ended.set()
            return 2

        return list(await asyncio.gather(first(), second()))

    assert asyncio.run(main()) == [1, 2]


def test_a_result_cannot_be_read_before_the_block_has_ended() -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(turns())
            with pytest.raises(asyncio.InvalidStateError):
                task.result()

    asyncio.run(main())


def test_two_async_dependencies_are_awaited_one_after_another() -> None:
    upstream = Upstream()
    app = FastAPI()

    async def first() -> None:
        await upstream(httpx2.Request("GET", "http://shop/first"))

    async def second() -> None:
        await upstream(httpx2.Request("GET", "http://shop/second"))

    @app.get("/", dependencies=[Depends(first), Depends(second)])
    async def endpoint() -> None: ...

    TestClient(app).get("/")
    assert upstream.finished == ["/first", "/second"]
    assert upstream.most_in_flight == 1


def test_blocking_calls_run_at_the_same_time_in_worker_threads() -> None:
    together = threading.Barrier(3, timeout=PATIENCE)

    async def main() -> list[int]:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(run_in_threadpool(together.wait)) for _ in range(3)
            ]
        return [task.result() for task in tasks]

    assert sorted(asyncio.run(main())) == [0, 1, 2]  # all three met at the barrier


# One call fails


def test_gather_leaves_the_other_calls_running_after_the_response() -> None:
    async def main() -> None:
        upstream = Upstream({"/price": 500}, held={"/stock", "/rating"})
        async with calling(gather_calls, upstream) as client:
            response = await client.get("/product")
            assert response.status_code == 500
            assert upstream.in_flight == 2
            upstream.release.set()
            await turns()
        assert upstream.finished == ["/price", "/stock", "/rating"]
        assert upstream.cancelled == []

    asyncio.run(main())


def test_task_group_cancels_the_other_calls_and_waits_for_their_end() -> None:
    async def main() -> None:
        upstream = Upstream({"/price": 500}, held={"/stock", "/rating"})
        async with calling(task_group, upstream) as client:
            response = await client.get("/product")
        assert response.status_code == 500
        assert sorted(upstream.cancelled) == ["/rating", "/stock"]
        assert upstream.in_flight == 0
        assert upstream.finished == ["/price"]

    asyncio.run(main())


@pytest.mark.parametrize("to_thread", [asyncio.to_thread, run_in_threadpool])
def test_a_function_in_a_thread_outlives_the_group_that_was_cancelled(
    to_thread: Any,
) -> None:
    started, block_ended = threading.Event(), threading.Event()
    finished = threading.Event()

    def in_a_thread() -> None:
        started.set()
        assert block_ended.wait(PATIENCE)
        finished.set()

    async def fail_meanwhile() -> None:
        await asyncio.to_thread(started.wait, PATIENCE)
        raise ConnectionError

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(to_thread(in_a_thread))
            group.create_task(fail_meanwhile())

    async def main() -> None:
        with pytest.raises(ExceptionGroup):
            await both()
        assert not finished.is_set()
        block_ended.set()
        assert await asyncio.to_thread(finished.wait, PATIENCE)

    asyncio.run(main())


async def fail(error: Exception) -> None:
    raise error


@pytest.mark.usefixtures("nothing_left")
def test_gather_raises_the_first_exception_itself_and_drops_the_second(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        with pytest.raises(KeyError):
            await asyncio.gather(fail(KeyError()), fail(ValueError()))
        await turns()
        gc.collect()

    asyncio.run(main())
    assert "never retrieved" not in caplog.text


def test_task_group_raises_one_group_with_every_exception() -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(KeyError()))
            group.create_task(fail(ValueError()))

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(main())
    assert [type(error) for error in caught.value.exceptions] == [KeyError, ValueError]


def test_a_plain_except_does_not_catch_what_a_task_raised() -> None:
    async def main() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail(KeyError()))
        except KeyError:
            pytest.fail("caught")

    with pytest.raises(ExceptionGroup):
        asyncio.run(main())


def test_gather_with_return_exceptions_gives_exceptions_as_results() -> None:
    async def main() -> tuple[Any, Any]:
        return await asyncio.gather(
            fail(KeyError()), asyncio.sleep(0, "fine"), return_exceptions=True
        )

    error, fine = asyncio.run(main())
    assert isinstance(error, KeyError)
    assert fine == "fine"


# The answer of FastAPI


def answer(module: ModuleType, path: str) -> httpx2.Response:
    async def main() -> httpx2.Response:
        async with browser(module.app) as client:
            return await client.get(path)

    return asyncio.run(main())


def test_an_http_exception_raised_in_a_task_of_a_group_is_answered_with_500() -> None:
    response = answer(wrong_http_exception_in_a_task, "/sum?a=tea&b=nothing")
    assert response.status_code == 500
    assert response.text == "Internal Server Error"


@pytest.mark.parametrize("module", [wrong_http_exception_in_a_task, except_star])
def test_without_a_failure_both_endpoints_answer(module: ModuleType) -> None:
    assert answer(module, "/sum?a=tea&b=cake").json() == 7


def test_an_http_exception_raised_in_gather_reaches_its_handler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def load(what: str) -> str:
        raise HTTPException(404, "No such product")

    monkeypatch.setattr(gather_calls, "load", load)
    response = answer(gather_calls, "/product")
    assert response.status_code == 404
    assert response.json() == {"detail": "No such product"}


@pytest.mark.parametrize("query", ["a=tea&b=nothing", "a=nothing&b=nowhere"])
def test_except_star_turns_one_failure_or_two_into_one_404(query: str) -> None:
    assert answer(except_star, f"/sum?{query}").status_code == 404


def test_except_star_lets_other_errors_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(except_star, "prices", None)
    assert answer(except_star, "/sum?a=tea&b=cake").status_code == 500


def test_an_error_that_except_star_does_not_match_keeps_it_a_group() -> None:
    async def main() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail(KeyError()))
                group.create_task(fail(ValueError()))
        except* KeyError as errors:
            raise HTTPException(502) from errors

    with pytest.raises(ExceptionGroup):
        asyncio.run(main())


def test_a_handler_can_be_registered_for_exception_group() -> None:
    app = FastAPI()

    @app.exception_handler(ExceptionGroup)
    async def handle(
        request: Request, group: ExceptionGroup[Exception]
    ) -> JSONResponse:
        return JSONResponse([repr(error) for error in group.exceptions], 502)

    @app.get("/")
    async def endpoint() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(HTTPException(404)))

    response = TestClient(app).get("/")
    assert response.status_code == 502
    assert response.json() == ["HTTPException(status_code=404, detail='Not Found')"]


# Deadline and limit


def test_the_semaphore_allows_five_calls_in_flight() -> None:
    async def main() -> None:
        upstream = Upstream()
        async with calling(deadline_and_limit, upstream) as client:
            response = await client.get("/prices")
        assert upstream.most_in_flight == 5
        assert response.json() == [f"/price/{n}" for n in range(20)]

    asyncio.run(main())


def test_a_semaphore_of_one_request_does_not_bound_another_request() -> None:
    async def main() -> None:
        upstream = Upstream()
        async with calling(deadline_and_limit, upstream) as client:
            await asyncio.gather(client.get("/prices"), client.get("/prices"))
        assert upstream.most_in_flight == 10

    asyncio.run(main())


def test_at_the_deadline_every_call_is_cancelled_and_the_answer_is_504(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deadline_and_limit, "DEADLINE", 0.01)

    async def main() -> None:
        upstream = Upstream(held={"*"})
        async with calling(deadline_and_limit, upstream) as client:
            response = await client.get("/prices")
        assert response.status_code == 504
        assert upstream.in_flight == 0
        assert len(upstream.cancelled) == upstream.most_in_flight
        assert upstream.finished == []

    asyncio.run(main())


async def page_that_is_no_json(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, text="<html>")


def answers_with(content: bytes) -> Any:
    async def upstream(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=content)

    return upstream


async def broken_connection(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("no connection")


@pytest.mark.parametrize(
    "upstream",
    [
        Upstream({"/price/3": 404}),
        page_that_is_no_json,
        broken_connection,
        answers_with(b""),
        answers_with(b"\xff"),
        answers_with(b"NaN"),
        answers_with(b"[" * 100_000),
        answers_with(rb'"\ud800"'),
    ],
    ids=[
        "404",
        "no JSON",
        "no connection",
        "empty",
        "not UTF-8",
        "NaN",
        "too deep",
        "half a character",
    ],
)
def test_an_upstream_that_fails_is_answered_with_502(upstream: Any) -> None:
    async def main() -> httpx2.Response:
        async with calling(deadline_and_limit, upstream) as client:
            return await client.get("/prices")

    response = asyncio.run(main())
    assert response.status_code == 502
    assert response.json() == {"detail": "The shop failed"}


def test_the_same_code_runs_with_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline_and_limit, "httpx2", httpx)
    assert connections_of_three_requests(
        deadline_and_limit, monkeypatch, "/prices"
    ) == (1)


# The client


@asynccontextmanager
async def local_server() -> AsyncIterator[tuple[str, list[None]]]:
    """Serve ``"fine"`` over HTTP/1.1 with keep-alive; give its address and its connections."""
    connections: list[None] = []
    talks: list[asyncio.Task[None]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(None)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n"fine"')
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()
            await writer.wait_closed()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.create_task(talk(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", connections
        await asyncio.gather(*talks)  # the clients have closed their connections


def connections_of_three_requests(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, path: str
) -> int:
    """Return how many connections the calls need that are made one after another."""
    if module is deadline_and_limit:
        monkeypatch.setattr(module, "DEADLINE", PATIENCE)
        monkeypatch.setattr(module, "AT_A_TIME", 1)

    async def main() -> int:
        async with local_server() as (address, connections):
            monkeypatch.setattr(module, "UPSTREAM", address)
            async with module.app.router.lifespan_context(module.app) as state:

                async def app(scope: Any, receive: Any, send: Any) -> None:
                    scope["state"] = dict(state or {})  # as a server does
                    await module.app(scope, receive, send)

                transport = httpx2.ASGITransport(app)
                async with httpx2.AsyncClient(
                    transport=transport, base_url="http://test"
                ) as client:
                    for _ in range(3):
                        assert "fine" in (await client.get(path)).json()
        return len(connections)

    return asyncio.run(main())


def test_a_client_per_request_opens_a_connection_per_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = wrong_client_per_request
    assert connections_of_three_requests(module, monkeypatch, "/price") == 3


def test_a_client_of_the_lifespan_keeps_one_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = deadline_and_limit
    assert connections_of_three_requests(module, monkeypatch, "/prices") == 1


@pytest.mark.parametrize(
    ("module", "path", "times"),
    [(wrong_client_per_request, "/price", 3), (deadline_and_limit, "/prices", 1)],
)
def test_each_client_loads_the_certificates_for_tls_again(
    module: ModuleType, path: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = httpcore2.default_ssl_context
    loaded: list[threading.Thread] = []

    def count(**options: Any) -> Any:
        loaded.append(threading.current_thread())
        return load(**options)

    monkeypatch.setattr(httpcore2, "default_ssl_context", count)
    # A client with a transport of its own, such as the one of the test, loads none.
    connections_of_three_requests(module, monkeypatch, path)
    assert (
        loaded == [threading.current_thread()] * times
    )  # the thread of the event loop


def test_a_call_that_gets_no_connection_in_time_raises_pool_timeout() -> None:
    async def main() -> None:
        async with local_server() as (address, _):
            limits = httpx2.Limits(max_connections=1)
            timeout = httpx2.Timeout(5, pool=0.01)
            async with (
                httpx2.AsyncClient(limits=limits, timeout=timeout) as client,
                client.stream("GET", address) as response,
            ):
                with pytest.raises(httpx2.PoolTimeout):
                    await client.get(address)
                await response.aread()

    asyncio.run(main())


def test_the_client_has_100_connections_and_timeouts_of_5_seconds() -> None:
    defaults = inspect.signature(httpx2.AsyncClient).parameters
    assert defaults["limits"].default.max_connections == 100
    assert defaults["timeout"].default == httpx2.Timeout(
        connect=5.0, read=5.0, write=5.0, pool=5.0
    )


def test_a_shared_client_sends_the_cookies_that_another_call_received() -> None:
    async def upstream(request: httpx2.Request) -> httpx2.Response:
        sent = request.headers.get("cookie", "none")
        return httpx2.Response(200, json=sent, headers={"set-cookie": "user=ann"})

    async def main() -> list[Any]:
        async with httpx2.AsyncClient(
            transport=httpx2.MockTransport(upstream), base_url="http://shop"
        ) as client:
            return [(await client.get("/")).json() for _ in range(2)]

    assert asyncio.run(main()) == ["none", "user=ann"]


def test_a_cookie_that_is_not_ascii_fails_each_later_call_where_the_jar_stores_it() -> (
    None
):
    cookie = (b"set-cookie", "city=Köln".encode())

    async def upstream(request: httpx2.Request) -> httpx2.Response:
        assert "cookie" not in request.headers
        return httpx2.Response(200, content=b"1", headers=[cookie])

    async def main() -> None:
        transport = httpx2.MockTransport(upstream)
        async with httpx2.AsyncClient(transport=transport) as client:
            await client.get("https://shop.example/")
            for _ in range(2):
                with pytest.raises(UnicodeEncodeError):
                    await client.get("https://shop.example/")
        app = deadline_and_limit.app
        async with deadline_and_limit.lifespan(app) as state:
            state["client"]._transport = transport
            for _ in range(2):
                assert await deadline_and_limit.prices(state["client"]) == [1] * 20

    asyncio.run(main())


def test_get_keeps_an_answer_of_any_size_and_a_stream_gives_it_in_pieces() -> None:
    whole = 20 * 2**20
    packed = gzip.compress(bytes(whole), 1)

    async def upstream(request: httpx2.Request) -> httpx2.Response:
        async def body() -> AsyncIterator[bytes]:
            yield packed

        headers = {"content-encoding": "gzip"}
        return httpx2.Response(200, content=body(), headers=headers)

    async def main() -> None:
        transport = httpx2.MockTransport(upstream)
        async with httpx2.AsyncClient(transport=transport) as client:
            response = await client.get("http://shop/")
            assert len(response.content) == whole
            assert response.num_bytes_downloaded < whole / 100
            async with client.stream("GET", "http://shop/") as response:
                pieces = response.aiter_bytes()
                assert len(await anext(pieces)) <= whole / 20
                await pieces.aclose()

    asyncio.run(main())


# Tasks that nobody waits for


async def post_order(module: ModuleType) -> None:
    async with browser(module.app) as client:
        assert (await client.post("/orders")).json() == {"status": "accepted"}


def test_a_forgotten_task_outlives_the_dependencies_of_its_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        go_on = asyncio.Event()
        open_at_the_end: list[bool] = []

        async def send(mailbox: Any, text: str) -> None:
            await go_on.wait()
            open_at_the_end.append(mailbox.is_open)

        monkeypatch.setattr(wrong_forgotten_task.Mailbox, "send", send)
        await post_order(wrong_forgotten_task)
        assert open_at_the_end == []
        go_on.set()
        await turns()
        assert open_at_the_end == [False]

    asyncio.run(main())


def test_a_task_that_nobody_holds_can_vanish_before_its_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[str] = []

    async def send(mailbox: Any, text: str) -> None:
        try:
            await asyncio.get_running_loop().create_future()
            ended.append("sent")
        except GeneratorExit:
            ended.append("collected")
            raise

    monkeypatch.setattr(wrong_forgotten_task.Mailbox, "send", send)

    async def main() -> None:
        await post_order(wrong_forgotten_task)
        await turns()
        gc.collect()

    asyncio.run(main())
    assert ended == ["collected"]
    assert "Task was destroyed but it is pending!" in caplog.text


def test_ruff_reports_the_task_that_nobody_holds() -> None:
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache"]
    path = wrong_forgotten_task.__file__
    checked = subprocess.run(
        [*command, "--select=RUF006", "--output-format=concise", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.stdout.count("RUF006") == 1


@pytest.mark.usefixtures("nothing_left")
def test_the_failure_of_a_forgotten_task_changes_no_answer_and_is_only_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def send(mailbox: Any, text: str) -> None:
        raise ConnectionError("no mail today")

    monkeypatch.setattr(wrong_forgotten_task.Mailbox, "send", send)

    async def main() -> None:
        await post_order(wrong_forgotten_task)
        await turns()
        gc.collect()

    asyncio.run(main())
    assert "Task exception was never retrieved" in caplog.text


def test_a_background_task_runs_after_the_response_with_the_dependency_still_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events: list[str] = []
    mailboxes: list[Any] = []

    async def send_mail(mailbox: Any, text: str) -> None:
        await turns()
        mailboxes.append(mailbox)
        events.append(f"mail sent, mailbox open: {mailbox.is_open}")

    monkeypatch.setattr(background_task.Mailbox, "send", send_mail)

    async def main() -> None:
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/orders",
            "query_string": b"",
            "headers": [],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            events.append(message["type"])

        await background_task.app(scope, receive, send)

    asyncio.run(main())
    assert events == [
        "http.response.start",
        "http.response.body",
        "mail sent, mailbox open: True",
    ]
    assert mailboxes[0].is_open is False
