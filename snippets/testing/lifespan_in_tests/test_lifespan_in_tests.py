import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient

from snippets.testing.lifespan_in_tests import (
    async_client_with_lifespan,
    client_with_lifespan,
    wrong_client_without_with,
)
from snippets.testing.lifespan_in_tests.app_with_lifespan import app, events
from snippets.testing.lifespan_in_tests.client_fixture import (
    client as client,
)  # fixture


@pytest.fixture(autouse=True)
def fresh_application() -> Iterator[None]:
    events.clear()
    app.state._state.clear()
    yield
    app.state._state.clear()


def test_without_with_the_lifespan_does_not_run() -> None:
    with pytest.raises(AttributeError, match="'State' object has no attribute 'names'"):
        wrong_client_without_with.check_item()
    assert events == []


def test_with_runs_the_start_before_and_the_stop_after_the_requests() -> None:
    client_with_lifespan.check_item()
    assert events == ["started", "stopped"]


def test_the_fixture_gives_a_client_of_a_started_application(
    client: TestClient,
) -> None:
    assert client.get("/items/1").json() == "plumbus"
    assert events == ["started"]


def test_an_asgi_transport_does_not_run_the_lifespan() -> None:
    async def request() -> None:
        transport = ASGITransport(app)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            await client.get("/items/1")

    with pytest.raises(AttributeError, match="'State' object has no attribute 'names'"):
        asyncio.run(request())
    assert events == []


def test_lifespan_context_runs_it_for_an_async_client() -> None:
    async def request() -> str:
        async with async_client_with_lifespan.async_client() as client:
            name: str = (await client.get("/items/1")).json()
            return name

    assert asyncio.run(request()) == "plumbus"
    assert events == ["started", "stopped"]


def test_an_error_in_the_start_is_raised_by_with() -> None:
    @asynccontextmanager
    async def failing(app: FastAPI) -> AsyncIterator[None]:
        raise OSError("no database")
        yield  # type: ignore[unreachable]

    with (
        pytest.raises(OSError, match="no database"),
        TestClient(FastAPI(lifespan=failing)),
    ):
        pytest.fail("the client was entered")


def test_a_mapping_of_the_lifespan_reaches_only_requests_of_an_entered_client() -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, int]]:
        yield {"answer": 42}

    application = FastAPI(lifespan=lifespan)

    @application.get("/")
    async def read(request: Request) -> bool:
        return hasattr(request.state, "answer")

    with TestClient(application) as client:
        assert client.get("/").json() is True
    assert TestClient(application).get("/").json() is False


def test_app_state_stays_after_with_so_a_test_without_it_passes_afterwards() -> None:
    client_with_lifespan.check_item()
    assert events == ["started", "stopped"]
    wrong_client_without_with.check_item()
    assert events == ["started", "stopped"]


def test_a_mapping_of_the_lifespan_does_not_reach_requests_of_an_asgi_transport() -> (
    None
):
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, int]]:
        yield {"answer": 42}

    application = FastAPI(lifespan=lifespan)

    @application.get("/")
    async def read(request: Request) -> bool:
        return hasattr(request.state, "answer")

    async def request() -> bool:
        transport = ASGITransport(application)
        async with (
            application.router.lifespan_context(application),
            AsyncClient(transport=transport, base_url="http://test") as client,
        ):
            found: bool = (await client.get("/")).json()
            return found

    assert asyncio.run(request()) is False


def test_the_lifespan_of_a_mounted_application_does_not_run() -> None:
    main = FastAPI()
    main.mount("/sub", app)
    with TestClient(main):
        assert events == []


def test_inside_with_all_requests_share_one_loop_and_outside_each_has_its_own() -> None:
    application = FastAPI()
    loops: list[asyncio.AbstractEventLoop] = []

    @application.get("/")
    async def read() -> None:
        loops.append(asyncio.get_running_loop())

    with TestClient(application) as client:
        client.get("/")
        client.get("/")
    assert loops[0] is loops[1]
    loops.clear()
    client = TestClient(application)
    client.get("/")
    client.get("/")
    assert loops[0] is not loops[1]
    assert loops[0].is_closed()


def test_the_application_runs_in_another_thread_than_the_test() -> None:
    application = FastAPI()
    threads: list[threading.Thread] = []

    @application.get("/")
    async def read() -> None:
        threads.append(threading.current_thread())

    with TestClient(application) as client:
        client.get("/")
    assert threads[0] is not threading.current_thread()
