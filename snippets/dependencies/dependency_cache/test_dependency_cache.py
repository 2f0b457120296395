import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import count
from typing import Annotated, Any, Literal

import pytest
from fastapi import Depends, FastAPI, Request, Security, WebSocket
from fastapi.security import SecurityScopes
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient

from snippets.conftest import clients_that_do_not_read
from snippets.dependencies.dependency_cache import (
    cached_settings,
    called_once,
    model_from_lifespan,
    uncached,
    wrong_cached_coroutine,
    wrong_model_per_request,
)

Recorder = Callable[[str, str], None]
PATIENCE = 30.0


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture
def counted(calls: list[str]) -> Callable[[], None]:
    def dependency() -> None:
        calls.append("called")

    return dependency


def call_with(dependencies: Sequence[Any]) -> None:
    """Send one request to a path operation with these dependencies."""
    app = FastAPI()
    app.get("/", dependencies=dependencies)(lambda: None)
    assert TestClient(app).get("/").status_code == 200


def test_all_who_ask_share_one_call_in_a_request_and_the_next_calls_it_again(
    recorded: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    client = TestClient(called_once.app)
    for _ in range(2):
        print("GET /orders")
        assert client.get("/orders").json() == "orders for alice"
    output = capsys.readouterr().out
    assert output.count("get_user is called") == 2
    recorded("output.txt", output)


def test_preflight_redirect_and_favicon_are_requests_and_do_not_call_it(
    calls: list[str], counted: Callable[[], None]
) -> None:
    app = FastAPI()
    app.get("/orders", dependencies=[Depends(counted)])(lambda: None)
    requests: list[str] = []

    @app.middleware("http")
    async def note(request: Request, call_next: Any) -> Any:
        requests.append(f"{request.method} {request.url.path}")
        return await call_next(request)

    client = TestClient(app)
    client.options("/orders")
    client.get("/favicon.ico")
    assert client.get("/orders/").status_code == 200
    assert requests == [
        "OPTIONS /orders",
        "GET /favicon.ico",
        "GET /orders/",
        "GET /orders",
    ]
    assert len(calls) == 1


def test_a_call_by_hand_is_not_cached(
    calls: list[str], counted: Callable[[], None]
) -> None:
    app = FastAPI()

    @app.get("/")
    def read(value: Annotated[None, Depends(counted)]) -> None:
        counted()

    TestClient(app).get("/")
    assert len(calls) == 2


def test_bound_methods_of_one_object_are_one_callable(calls: list[str]) -> None:
    class Catalogue:
        def size(self) -> None:
            calls.append("size")

    catalogue = Catalogue()
    call_with([Depends(catalogue.size), Depends(catalogue.size)])
    assert calls == ["size"]


def test_equal_instances_are_one_callable(calls: list[str]) -> None:
    @dataclass(frozen=True)
    class RequireRole:
        role: str

        def __call__(self) -> None:
            calls.append(self.role)

    call_with([Depends(RequireRole(role)) for role in ("admin", "admin", "owner")])
    assert calls == ["admin", "owner"]


def test_instances_without_equality_are_different_callables(calls: list[str]) -> None:
    class RequireRole:
        def __call__(self) -> None:
            calls.append("called")

    role = RequireRole()
    call_with([Depends(role), Depends(role)])
    assert len(calls) == 1
    call_with([Depends(RequireRole()), Depends(RequireRole())])
    assert len(calls) == 3


def test_a_plain_dataclass_fails_in_the_request() -> None:
    @dataclass
    class RequireRole:
        role: str

        def __call__(self) -> None:
            pass

    with pytest.raises(TypeError, match="unhashable type: 'RequireRole'"):
        call_with([Depends(RequireRole("admin"))])


def test_a_dataclass_that_compares_by_identity_has_a_hash() -> None:
    ran: list[str] = []

    @dataclass(eq=False)
    class RequireRole:
        role: str

        def __call__(self) -> None:
            ran.append(self.role)

    call_with([Depends(RequireRole("admin"))])
    assert ran == ["admin"]


def test_each_call_of_a_factory_makes_another_callable(calls: list[str]) -> None:
    def require(role: str) -> Callable[[], None]:
        def dependency() -> None:
            calls.append(role)

        return dependency

    call_with([Depends(require("admin")), Depends(require("admin"))])
    assert calls == ["admin", "admin"]


def test_two_partials_are_different_callables(calls: list[str]) -> None:
    def add(name: str) -> None:
        calls.append(name)

    call_with([Depends(partial(add, "a")), Depends(partial(add, "a"))])
    assert calls == ["a", "a"]


def test_the_scope_belongs_to_the_key_even_without_yield(
    calls: list[str], counted: Callable[[], None]
) -> None:
    call_with([Depends(counted), Depends(counted, scope="function")])
    assert len(calls) == 2


def test_security_scopes_belong_to_the_key_where_they_are_used(
    calls: list[str], counted: Callable[[], None]
) -> None:
    def scoped(scopes: SecurityScopes) -> None:
        calls.append(scopes.scope_str)

    call_with([Security(scoped, scopes=[name]) for name in ("read", "write", "read")])
    assert calls == ["read", "write"]
    calls.clear()
    call_with([Security(counted, scopes=["read"]), Depends(counted)])
    assert len(calls) == 2


def test_scopes_of_a_parent_do_not_matter_below_if_nothing_uses_them(
    calls: list[str], counted: Callable[[], None]
) -> None:
    def parent(value: Annotated[None, Depends(counted)]) -> None:
        pass

    call_with([Security(parent, scopes=[name]) for name in ("read", "write")])
    assert len(calls) == 1


def test_use_cache_false_calls_again_for_this_declaration_only() -> None:
    first, second, third = TestClient(uncached.app).get("/numbers").json()
    assert second == first + 1
    assert third == first


def test_an_uncached_dependency_runs_again_below_a_cached_one(
    calls: list[str], counted: Callable[[], None]
) -> None:
    def parent(value: Annotated[None, Depends(counted, use_cache=False)]) -> None:
        calls.append("parent")

    call_with([Depends(parent), Depends(parent)])
    assert calls == ["called", "parent", "called"]


def test_an_override_is_called_once_per_request(
    calls: list[str], counted: Callable[[], None]
) -> None:
    app = FastAPI()

    def original() -> None:
        calls.append("original")

    app.get("/", dependencies=[Depends(original), Depends(original)])(lambda: None)
    app.dependency_overrides[original] = counted
    TestClient(app).get("/")
    assert calls == ["called"]


def test_nothing_is_kept_for_the_next_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    client = TestClient(wrong_model_per_request.app)
    client.get("/score")
    client.get("/score")
    assert capsys.readouterr().out.count("loading") == 2


def test_the_lifespan_creates_one_object_for_all_requests(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with TestClient(model_from_lifespan.app) as client:
        first = client.get("/score").json()
        assert client.get("/score").json() == first
    assert capsys.readouterr().out.count("loading") == 1


def test_lru_cache_on_async_def_fails_from_the_second_request_on(
    recorded: Recorder,
) -> None:
    wrong_cached_coroutine.get_settings.cache_clear()
    client = TestClient(wrong_cached_coroutine.app)
    assert client.get("/sender").json() == "shop@example.org"
    with pytest.raises(RuntimeError) as raised:
        client.get("/sender")
    recorded("cached_coroutine.txt", f"RuntimeError: {raised.value}")


def test_lru_cache_on_a_generator_fails_from_the_second_request_on() -> None:
    @lru_cache
    def get_session() -> Any:
        yield "session"

    app = FastAPI()
    app.get("/", dependencies=[Depends(get_session)])(lambda: None)
    client = TestClient(app)
    client.get("/")
    with pytest.raises(RuntimeError, match="generator didn't yield"):
        client.get("/")


def test_lru_cache_on_def_gives_one_object_to_all_requests() -> None:
    client = TestClient(cached_settings.app)
    assert client.get("/sender").json() == "shop@example.org"
    assert client.get("/sender").json() == "shop@example.org"
    first = cached_settings.get_settings()
    assert cached_settings.get_settings() is first
    cached_settings.get_settings.cache_clear()
    assert cached_settings.get_settings() is not first


def test_an_override_replaces_a_cached_function() -> None:
    app = cached_settings.app
    app.dependency_overrides[cached_settings.get_settings] = lambda: (
        cached_settings.Settings(sender="test@example.org")
    )
    try:
        assert TestClient(app).get("/sender").json() == "test@example.org"
    finally:
        app.dependency_overrides.clear()


def test_a_websocket_calls_it_once_for_the_whole_connection(
    calls: list[str], counted: Callable[[], None]
) -> None:
    app = FastAPI()

    @app.websocket("/echo")
    async def echo(
        websocket: WebSocket,
        first: Annotated[None, Depends(counted)],
        second: Annotated[None, Depends(counted)],
    ) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    with TestClient(app).websocket_connect("/echo") as websocket:
        for text in ("a", "b"):
            websocket.send_text(text)
            assert websocket.receive_text() == text
    assert len(calls) == 1


class Meeting:
    """Counts how many are inside, and lets them leave when ``together`` have met."""

    def __init__(self, together: int) -> None:
        self.barrier = asyncio.Barrier(together)
        self.inside = 0
        self.most = 0

    async def __call__(self, name: str) -> str:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.wait_for(self.barrier.wait(), PATIENCE)
        self.inside -= 1
        return name


async def get_all(app: FastAPI, paths: Sequence[str]) -> None:
    async with AsyncClient(
        transport=ASGITransport(app), base_url="http://test"
    ) as client:
        responses = await asyncio.gather(*(client.get(path) for path in paths))
    assert {response.status_code for response in responses} == {200}


@pytest.mark.since(fastapi="0.163.0")
def test_max_concurrency_holds_for_all_that_share_the_depends_object(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from snippets.dependencies.dependency_cache import limited

    async def run() -> int:
        meeting = Meeting(together=2)
        monkeypatch.setattr(limited, "render", meeting)
        await get_all(limited.app, ["/invoices/1", "/statements/1"] * 3)
        return meeting.most

    assert asyncio.run(run()) == 2


@pytest.mark.since(fastapi="0.163.0")
def test_while_two_calls_hang_no_other_report_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from snippets.dependencies.dependency_cache import limited

    async def run() -> None:
        begun: list[str] = []

        async def hang(name: str) -> str:
            begun.append(name)
            await asyncio.Event().wait()
            return name

        monkeypatch.setattr(limited, "render", hang)
        paths = ["/invoices/1", "/invoices/1", "/statements/1"]
        requests = asyncio.create_task(get_all(limited.app, paths))
        for _ in range(500):
            await asyncio.sleep(0)
        assert len(begun) == 2
        requests.cancel()
        await asyncio.wait([requests])

    asyncio.run(run())


@pytest.mark.since(fastapi="0.163.0")
def test_clients_that_do_not_read_hold_no_slot_of_the_page() -> None:
    from snippets.dependencies.dependency_cache import limited

    async def run() -> int:
        async with clients_that_do_not_read(limited.app, "/invoices/1", 3) as answering:
            return answering

    assert asyncio.run(run()) == 3


@pytest.mark.since(fastapi="0.163.0")
def test_each_depends_object_has_a_limit_of_its_own() -> None:
    async def run() -> int:
        meeting = Meeting(together=4)
        app = FastAPI()

        async def slot() -> AsyncIterator[None]:
            yield

        @app.get("/a", dependencies=[Depends(slot, max_concurrency=2)])
        @app.get("/b", dependencies=[Depends(slot, max_concurrency=2)])
        async def read() -> str:
            return await meeting("")

        await get_all(app, ["/a", "/b"] * 2)
        return meeting.most

    assert asyncio.run(run()) == 4


@pytest.mark.since(fastapi="0.163.0")
@pytest.mark.parametrize(
    ("scope", "expected"),
    [("request", ["response", "free"]), ("function", ["free", "response"])],
)
def test_a_slot_is_free_after_the_response_or_before_it_with_function_scope(
    scope: Literal["request", "function"], expected: list[str]
) -> None:
    events: list[str] = []

    async def slot() -> AsyncIterator[None]:
        yield
        events.append("free")

    app = FastAPI()
    one = Depends(slot, scope=scope, max_concurrency=1)
    app.get("/", dependencies=[one])(lambda: None)

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            events.append("response")

    request = {"type": "http", "method": "GET", "path": "/"}
    rest: dict[str, Any] = {"query_string": b"", "headers": []}
    asyncio.run(app(request | rest, receive, send))
    assert events == expected


@pytest.mark.since(fastapi="0.163.0")
@pytest.mark.parametrize(("scope", "most"), [("request", 1), ("function", 2)])
def test_a_slot_of_the_function_scope_does_not_limit_a_stream(
    scope: Literal["request", "function"], most: int
) -> None:
    app = FastAPI()
    now = seen = 0

    async def slot() -> AsyncIterator[None]:
        yield

    @app.get("/", dependencies=[Depends(slot, scope=scope, max_concurrency=1)])
    async def stream() -> AsyncIterator[int]:
        nonlocal now, seen
        now += 1
        for number in range(10):
            seen = max(seen, now)
            yield number
        now -= 1

    asyncio.run(get_all(app, ["/"] * 2))
    assert seen == most


@pytest.mark.since(fastapi="0.163.0")
def test_without_yield_the_path_operation_is_not_limited() -> None:
    async def run() -> int:
        meeting = Meeting(together=3)
        app = FastAPI()

        async def slot() -> None:
            pass

        @app.get("/", dependencies=[Depends(slot, max_concurrency=1)])
        async def read() -> str:
            return await meeting("")

        await get_all(app, ["/"] * 3)
        return meeting.most

    assert asyncio.run(run()) == 3


@pytest.mark.since(fastapi="0.163.0")
@pytest.mark.parametrize("limit", [1, 2])
def test_requests_that_hold_one_slot_and_wait_for_another_wait_for_ever(
    limit: int,
) -> None:
    async def run() -> list[str]:
        events: list[str] = []
        app = FastAPI()
        taken, waits = asyncio.Event(), asyncio.Event()

        async def slot() -> AsyncIterator[None]:
            events.append("taken")
            if len(events) == limit:
                taken.set()
                asyncio.get_running_loop().call_later(0.1, waits.set)
            await taken.wait()
            yield

        one = Depends(slot, use_cache=False, max_concurrency=limit)

        @app.get("/")
        async def read(a: Annotated[None, one], b: Annotated[None, one]) -> None:
            events.append("called")

        waiting = asyncio.create_task(get_all(app, ["/"] * limit))
        await waits.wait()
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return events

    assert asyncio.run(run()) == ["taken"] * limit


def values_of(first: Any, second: Any) -> list[int]:
    """Return what a path operation gets for two parameters."""
    app = FastAPI()

    def read(a: int, b: int) -> list[int]:
        return [a, b]

    read.__annotations__ |= {
        "a": Annotated[int, first],
        "b": Annotated[int, second],
    }
    app.get("/")(read)
    return list(TestClient(app).get("/").json())


def test_an_uncached_value_is_stored_if_it_is_the_first() -> None:
    def number() -> int:
        return next(numbers)

    cached, uncached = Depends(number), Depends(number, use_cache=False)
    numbers = count(1)
    assert values_of(cached, uncached) == [1, 2]
    numbers = count(1)
    assert values_of(uncached, cached) == [1, 1]
    numbers = count(1)
    assert values_of(uncached, uncached) == [1, 2]


def test_use_cache_false_has_no_effect_in_a_list_of_dependencies(
    calls: list[str], counted: Callable[[], None]
) -> None:
    call_with([Depends(counted), Depends(counted, use_cache=False)])
    assert len(calls) == 1


def test_scopes_of_the_declaration_itself_count_even_if_nothing_uses_them(
    calls: list[str], counted: Callable[[], None]
) -> None:
    call_with([Security(counted, scopes=[name]) for name in ("read", "write")])
    assert len(calls) == 2
