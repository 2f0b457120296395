import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar, Token
from typing import Annotated, Any

import anyio.to_thread
import pytest
from anyio import from_thread
from fastapi import BackgroundTasks, Depends, FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient
from pydantic import BaseModel, field_serializer, field_validator

from snippets.concurrency.def_or_async_def import (
    async_dependency,
    def_dependency,
    mixed,
    wrong_async_dependency,
    wrong_trivial_def_dependency,
)

PATIENCE = 30.0  # an upper bound for a broken test; right code does not wait for it


def where() -> str:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return "worker thread"
    return "event loop"


def limiter() -> anyio.CapacityLimiter:
    return anyio.to_thread.current_default_thread_limiter()


# --- what runs where


def test_where_the_functions_of_a_request_run() -> None:
    app = FastAPI()
    seen: list[tuple[str, str]] = []

    def note(what: str) -> None:
        seen.append((what, where()))

    class Order(BaseModel):
        quantity: int

        @field_validator("quantity")
        @classmethod
        def positive(cls, quantity: int) -> int:
            note("validation of the request body")
            return quantity

    class Receipt(BaseModel):
        total: int

        @field_validator("total")
        @classmethod
        def positive(cls, total: int) -> int:
            note("validation of the returned value")
            return total

        @field_serializer("total")
        def euros(self, total: int) -> str:
            note("serialization of the response")
            return f"{total} EUR"

    def get_session() -> Iterator[str]:
        note("dependency, up to yield")
        yield "session"
        note("dependency, after yield")

    class Pricing:
        def __init__(self, currency: str = "EUR") -> None:
            note("class as a dependency")

    @app.post("/orders", response_model=Receipt)
    def create_order(
        order: Order,
        session: Annotated[str, Depends(get_session)],
        pricing: Annotated[Pricing, Depends()],
        tasks: BackgroundTasks,
    ) -> dict[str, int]:
        note("path operation")
        tasks.add_task(note, "background task")
        return {"total": 3}

    @app.exception_handler(LookupError)
    def not_found(request: Request, error: LookupError) -> JSONResponse:
        note("exception handler")
        return JSONResponse({"detail": "Not Found"}, status_code=404)

    def find_order() -> None:
        note("def helper, called by an async def endpoint")
        raise LookupError

    @app.get("/orders/1")
    async def read_order() -> None:
        find_order()

    client = TestClient(app)
    assert client.post("/orders", json={"quantity": 1}).json() == {"total": "3 EUR"}
    assert client.get("/orders/1").status_code == 404
    assert seen == [
        ("dependency, up to yield", "worker thread"),
        ("class as a dependency", "worker thread"),
        ("validation of the request body", "event loop"),
        ("path operation", "worker thread"),
        ("validation of the returned value", "worker thread"),
        ("serialization of the response", "event loop"),
        ("background task", "worker thread"),
        ("dependency, after yield", "worker thread"),
        ("def helper, called by an async def endpoint", "event loop"),
        ("exception handler", "worker thread"),
    ]


def test_background_tasks_and_exception_handlers_as_async_def_run_on_the_loop() -> None:
    places = []

    async def task() -> None:
        places.append(where())

    app = FastAPI()

    @app.exception_handler(LookupError)
    async def not_found(request: Request, error: LookupError) -> JSONResponse:
        places.append(where())
        return JSONResponse({}, status_code=404)

    @app.get("/task")
    def with_task(tasks: BackgroundTasks) -> None:
        tasks.add_task(task)

    @app.get("/error")
    def with_error() -> None:
        raise LookupError

    client = TestClient(app)
    client.get("/task")
    client.get("/error")
    assert places == ["event loop", "event loop"]


def test_each_function_of_a_request_runs_where_its_own_declaration_says(
    recorded: Any,
) -> None:
    async def main() -> str:
        shown = []
        transport = ASGITransport(mixed.app)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            for path in ("/rates", "/orders", "/health"):
                answer = await client.get(path)
                shown.append(f"GET {path}\n{answer.status_code} {answer.text}\n")
        return "\n".join(shown)

    shown = asyncio.run(main())
    assert shown.count(threading.current_thread().name) == 2
    recorded("threads.txt", shown)


@pytest.mark.parametrize("kind", ["def endpoint", "async def endpoint"])
def test_dependencies_of_both_kinds_mix_with_endpoints_of_both_kinds(kind: str) -> None:
    async def on_loop() -> str:
        return where()

    def in_thread() -> str:
        return where()

    Both = tuple[str, str, str]
    OnLoop = Annotated[str, Depends(on_loop)]
    InThread = Annotated[str, Depends(in_thread)]
    app = FastAPI()

    @app.get("/def endpoint")
    def def_endpoint(first: OnLoop, second: InThread) -> Both:
        return first, second, where()

    @app.get("/async def endpoint")
    async def async_endpoint(first: OnLoop, second: InThread) -> Both:
        return first, second, where()

    place = "worker thread" if kind == "def endpoint" else "event loop"
    answer = TestClient(app).get(f"/{kind}")
    assert answer.json() == ["event loop", "worker thread", place]


def test_a_response_that_a_def_endpoint_returns_is_rendered_in_the_thread() -> None:
    places = []

    class Recording(JSONResponse):
        def render(self, content: Any) -> bytes:
            places.append(where())
            return super().render(content)

    app = FastAPI()

    @app.get("/ready")
    def ready() -> Recording:
        return Recording({"rows": 3})

    @app.get("/value", response_class=Recording)
    def value() -> dict[str, int]:
        return {"rows": 3}

    client = TestClient(app)
    assert client.get("/ready").json() == client.get("/value").json()
    assert places == ["worker thread", "event loop"]


def test_a_websocket_endpoint_declared_def_fails(
    cannot_be_awaited: Callable[[str], str],
) -> None:
    app = FastAPI()
    places = []

    @app.websocket("/ws")
    def chat(websocket: WebSocket) -> None:
        places.append(where())

    with (
        pytest.raises(TypeError, match=cannot_be_awaited("NoneType")),
        TestClient(app).websocket_connect("/ws"),
    ):
        pass
    assert places == ["event loop"]


def test_each_dependency_of_a_websocket_endpoint_runs_where_its_declaration_says() -> (
    None
):
    app = FastAPI()

    async def on_loop() -> str:
        return where()

    def in_thread() -> str:
        return where()

    @app.websocket("/ws")
    async def chat(
        websocket: WebSocket,
        first: Annotated[str, Depends(on_loop)],
        second: Annotated[str, Depends(in_thread)],
    ) -> None:
        await websocket.accept()
        await websocket.send_json([first, second])

    with TestClient(app).websocket_connect("/ws") as connection:
        assert connection.receive_json() == ["event loop", "worker thread"]


def test_a_middleware_function_declared_def_fails(
    cannot_be_awaited: Callable[[str], str],
) -> None:
    app = FastAPI()
    dispatch: Any = lambda request, call_next: JSONResponse({})  # noqa: E731
    app.middleware("http")(dispatch)
    with pytest.raises(TypeError, match=cannot_be_awaited("JSONResponse")):
        TestClient(app).get("/")


def test_a_middleware_function_declared_def_may_return_what_call_next_gave() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint() -> str:
        return "ok"

    @app.middleware("http")
    def passes_on(request: Request, call_next: Any) -> Any:
        return call_next(request)

    assert TestClient(app).get("/").json() == "ok"


# --- what each costs


def test_a_def_endpoint_takes_one_of_40_tokens_and_an_async_def_endpoint_none() -> None:
    app = FastAPI()

    @app.get("/def")
    def in_thread() -> list[float]:
        tokens = from_thread.run_sync(limiter)
        return [tokens.borrowed_tokens, tokens.total_tokens]

    @app.get("/async-def")
    async def on_loop() -> list[float]:
        return [limiter().borrowed_tokens, limiter().total_tokens]

    with TestClient(app) as client:
        assert client.get("/def").json() == [1, 40]
        assert client.get("/async-def").json() == [0, 40]


def test_everything_def_draws_on_the_same_40_tokens_but_not_the_exit_of_yield() -> None:
    borrowed = {}

    def note(what: str) -> None:
        borrowed[what] = from_thread.run_sync(limiter).borrowed_tokens

    def dependency() -> Iterator[None]:
        note("dependency")
        yield
        note("after yield")

    app = FastAPI()

    @app.exception_handler(LookupError)
    def not_found(request: Request, error: LookupError) -> JSONResponse:
        note("exception handler")
        return JSONResponse({}, status_code=404)

    @app.get("/")
    def read(tasks: BackgroundTasks, _: Annotated[None, Depends(dependency)]) -> None:
        note("path operation")
        tasks.add_task(note, "background task")

    @app.get("/error")
    def fail() -> None:
        raise LookupError

    with TestClient(app) as client:
        client.get("/")
        client.get("/error")
    assert borrowed == {
        "dependency": 1,
        "path operation": 1,
        "background task": 1,
        "after yield": 0,
        "exception handler": 1,
    }


def receipt() -> dict[str, int]:
    return {"rows": 3}


def nothing() -> None: ...


def response() -> JSONResponse:
    return JSONResponse({"rows": 3})


@pytest.mark.parametrize(
    ("endpoint", "options", "trips"),
    [
        (receipt, {}, 2),
        (receipt, {"response_model": None}, 1),
        (nothing, {}, 1),
        (response, {}, 1),
        (response, {"response_model": dict[str, int]}, 1),
    ],
)
def test_a_def_endpoint_goes_to_the_pool_twice_if_its_result_is_validated(
    endpoint: Callable[[], Any],
    options: dict[str, Any],
    trips: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hops = []
    run_sync = anyio.to_thread.run_sync

    async def counting(func: Any, *args: Any, **kwargs: Any) -> Any:
        hops.append(func)
        return await run_sync(func, *args, **kwargs)

    monkeypatch.setattr(anyio.to_thread, "run_sync", counting)
    app = FastAPI()
    app.get("/", **options)(endpoint)
    assert TestClient(app).get("/").status_code == 200
    assert len(hops) == trips


async def get_while_all_40_threads_are_busy(app: FastAPI) -> str:
    """Return whether the answer to /names comes while no thread is free."""
    busy = [object() for _ in range(40)]
    async with (
        AsyncClient(transport=ASGITransport(app), base_url="http://test") as client,
        asyncio.timeout(PATIENCE),
    ):
        for borrower in busy:
            limiter().acquire_on_behalf_of_nowait(borrower)
        request = asyncio.create_task(client.get("/names"))
        outcome = ""
        while not outcome:
            await asyncio.sleep(0)
            if request.done():
                outcome = "answered"
            elif limiter().statistics().tasks_waiting:
                outcome = "waits"
        for borrower in busy:
            limiter().release_on_behalf_of(borrower)
        assert (await request).json() == ["Ada", "Grace", "Barbara"]
    return outcome


def test_a_trivial_def_dependency_waits_while_all_40_threads_are_busy() -> None:
    app = wrong_trivial_def_dependency.app
    assert asyncio.run(get_while_all_40_threads_are_busy(app)) == "waits"


def test_a_trivial_async_def_dependency_waits_for_no_thread() -> None:
    app = async_dependency.app
    assert asyncio.run(get_while_all_40_threads_are_busy(app)) == "answered"


def test_a_page_does_not_start_before_the_first_name() -> None:
    client = TestClient(async_dependency.app)
    assert client.get("/names?start=2").json() == ["Barbara"]
    assert client.get("/names?start=9").json() == []
    assert client.get("/names?start=-1").status_code == 422


async def send(app: FastAPI, requests: int) -> None:
    async with (
        AsyncClient(transport=ASGITransport(app), base_url="http://test") as client,
        asyncio.timeout(PATIENCE),
        asyncio.TaskGroup() as tasks,
    ):
        for _ in range(requests):
            tasks.create_task(client.get("/"))


def test_100_async_def_requests_wait_at_the_same_time_without_a_thread() -> None:
    borrowed = set()

    async def main() -> None:
        app = FastAPI()
        all_wait = asyncio.Barrier(100)

        @app.get("/")
        async def read() -> None:
            await all_wait.wait()  # passes only when all 100 are in progress
            borrowed.add(limiter().borrowed_tokens)

        await send(app, requests=100)

    asyncio.run(main())
    assert borrowed == {0}


def test_40_def_requests_wait_at_the_same_time_each_in_a_thread() -> None:
    app = FastAPI()
    all_wait = threading.Barrier(40)
    threads = set()

    @app.get("/")
    def read() -> None:
        all_wait.wait(PATIENCE)  # passes only when all 40 are in progress
        threads.add(threading.get_ident())

    asyncio.run(send(app, requests=40))
    assert len(threads) == 40


def test_the_awaits_of_one_endpoint_run_one_after_another() -> None:
    events = []

    async def call(name: str) -> None:
        events.append(f"{name} starts")
        await asyncio.sleep(0)
        events.append(f"{name} ends")

    app = FastAPI()

    @app.get("/")
    async def read() -> None:
        await call("first")
        await call("second")

    TestClient(app).get("/")
    assert events == ["first starts", "first ends", "second starts", "second ends"]


def test_a_def_request_runs_beside_an_async_def_request_between_its_awaits() -> None:
    app = FastAPI()
    state = {"free": 1}
    entered, read, changed = (threading.Event() for _ in range(3))

    @app.get("/async-def")
    async def reads_twice() -> list[int]:
        first = state["free"]
        read.set()
        assert changed.wait(PATIENCE)  # awaits nothing
        return [first, state["free"]]

    @app.get("/def")
    def changes() -> None:
        entered.set()
        assert read.wait(PATIENCE)
        state["free"] = 0
        changed.set()

    async def main() -> Any:
        transport = ASGITransport(app)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            changing = asyncio.create_task(client.get("/def"))
            await asyncio.to_thread(entered.wait, PATIENCE)
            answer = await client.get("/async-def")
            await changing
        return answer.json()

    assert asyncio.run(main()) == [1, 0]


def test_await_in_def_is_a_syntax_error() -> None:
    with pytest.raises(SyntaxError, match="'await' outside async function"):
        compile("def read():\n    await client.get('/')\n", "read.py", "exec")


# --- a dependency that blocks


def test_a_blocking_async_def_dependency_of_a_def_endpoint_holds_up_all_requests(
    race: Any,
) -> None:
    _, slow = race(wrong_async_dependency, give_up=0.2)
    assert slow.served_meanwhile is False
    assert slow.thread is threading.main_thread()


def test_blocking_code_in_def_leaves_the_event_loop_free(race: Any) -> None:
    order, slow = race(def_dependency)
    assert order == ["/health", "/report"]
    assert slow.served_meanwhile is True


# --- context variables

tenant = ContextVar("tenant", default="nobody")


def set_in_def() -> None:
    tenant.set("acme")


async def set_in_async_def() -> None:
    tenant.set("acme")


def tenants_seen(dependency: Callable[[], Any]) -> list[str]:
    """What a def endpoint, an async def endpoint and their background tasks see."""
    seen = []
    app = FastAPI(dependencies=[Depends(dependency)])

    def task() -> None:
        seen.append(tenant.get())

    @app.get("/def")
    def in_thread(tasks: BackgroundTasks) -> None:
        seen.append(tenant.get())
        tasks.add_task(task)

    @app.get("/async-def")
    async def on_loop(tasks: BackgroundTasks) -> None:
        seen.append(tenant.get())
        tasks.add_task(task)

    client = TestClient(app)
    client.get("/def")
    client.get("/async-def")
    return seen


def test_a_contextvar_set_in_a_def_dependency_is_empty_in_the_endpoint() -> None:
    assert tenants_seen(set_in_def) == ["nobody"] * 4


def test_a_contextvar_set_in_an_async_def_dependency_is_seen_everywhere_after() -> None:
    assert tenants_seen(set_in_async_def) == ["acme"] * 4


def test_a_contextvar_set_in_a_def_endpoint_is_empty_in_its_background_task() -> None:
    seen = []
    app = FastAPI()

    @app.get("/")
    def read(tasks: BackgroundTasks) -> None:
        tenant.set("acme")
        tasks.add_task(lambda: seen.append(tenant.get()))

    TestClient(app).get("/")
    assert seen == ["nobody"]


def test_resetting_a_contextvar_after_yield_fails_in_def_and_works_in_async_def() -> (
    None
):
    def in_def() -> Iterator[None]:
        token: Token[str] = tenant.set("acme")
        yield
        tenant.reset(token)

    async def in_async_def() -> AsyncIterator[None]:
        token: Token[str] = tenant.set("acme")
        yield
        tenant.reset(token)

    app = FastAPI()

    @app.get("/def")
    async def first(_: Annotated[None, Depends(in_def)]) -> str:
        return tenant.get()

    @app.get("/async-def")
    async def second(_: Annotated[None, Depends(in_async_def)]) -> str:
        return tenant.get()

    client = TestClient(app)
    with pytest.raises(ValueError, match="was created in a different Context"):
        client.get("/def")
    assert client.get("/async-def").json() == "acme"
