import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session, sessionmaker
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from snippets.background_tasks.failing_background_tasks import (
    early_commit,
    handled,
    task_of_a_failure,
    wrong_late_commit,
    wrong_task_of_a_failure,
    wrong_unhandled,
)

PATIENCE = 30.0
LATE = "Caught handled exception, but response already started"


def post(app: FastAPI, path: str) -> int:
    return TestClient(app, raise_server_exceptions=False).post(path).status_code


def run(
    serve: Any,
    module: ModuleType,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> list[str]:
    """Return what the client of Uvicorn gets, what is logged, and what is printed."""
    caplog.set_level(logging.ERROR)
    with serve(module.app) as (url, _):
        response = httpx2.post(f"{url}/orders/7", timeout=PATIENCE)
    lines = [f"client:  {response.status_code} {response.reason_phrase}"]
    for record in caplog.records:
        assert record.exc_info is not None
        error = record.exc_info[1]
        lines.append(f"log:     {record.levelname} {record.message.strip()}")
        lines.append(f"         {type(error).__name__}: {error}")
    printed = capsys.readouterr().out.splitlines()
    return lines + [f"printed: {line}" for line in printed]


def test_a_task_that_catches_its_own_error_lets_the_next_one_run(
    serve: Any,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    recorded: Any,
) -> None:
    lines = run(serve, handled, caplog, capsys)
    assert "printed: receipt of order 7 sent" in lines
    recorded("handled.txt", "\n".join(lines))


def test_a_task_that_raises_skips_the_rest_and_the_client_has_its_201(
    serve: Any,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    recorded: Any,
) -> None:
    lines = run(serve, wrong_unhandled, caplog, capsys)
    assert not [line for line in lines if "receipt" in line]
    recorded("what_happens.txt", "\n".join(lines))


def test_uvicorn_closes_the_connection_under_the_next_request(serve: Any) -> None:
    app = FastAPI()
    under_way = asyncio.Event()
    seen: list[str] = []

    async def task() -> None:
        await under_way.wait()
        raise ConnectionError

    @app.post("/orders")
    async def order(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(task)

    @app.get("/next")
    async def next_request(request: Request) -> None:
        await request.body()
        under_way.set()
        seen.append((await request.receive())["type"])

    with serve(app) as (url, _), httpx2.Client(base_url=url) as client:
        assert client.post("/orders", timeout=PATIENCE).status_code == 200
        with pytest.raises(httpx2.RemoteProtocolError):
            client.get("/next", timeout=PATIENCE)
    assert seen == ["http.disconnect"]


def test_the_error_of_a_task_reaches_the_dependencies_with_yield() -> None:
    app = app_with(KeyError())
    seen: list[str] = []

    async def session() -> AsyncIterator[None]:
        try:
            yield
        except KeyError:
            seen.append("rollback")
            raise

    with_session = FastAPI(dependencies=[Depends(session)])
    with_session.include_router(app.router)
    assert post(with_session, "/") == 200
    assert seen == ["rollback"]


def test_the_error_of_a_task_passes_pure_asgi_middleware_and_no_function() -> None:
    app = app_with(KeyError())
    seen: list[str] = []

    @app.middleware("http")
    async def function(
        request: Request, call_next: RequestResponseEndpoint
    ) -> Response:
        try:
            return await call_next(request)
        except KeyError:
            seen.append("function")
            raise

    class Pure:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await self.app(scope, receive, send)
            except KeyError:
                seen.append("pure")
                raise

    app.add_middleware(Pure)
    assert post(app, "/") == 200
    assert seen == ["pure"]


def test_the_test_client_raises_what_a_task_raised() -> None:
    with pytest.raises(ConnectionError):
        TestClient(wrong_unhandled.app).post("/orders/7")
    assert post(wrong_unhandled.app, "/orders/7") == 201


@pytest.mark.parametrize("limit", [None, 0])
def test_only_a_limit_of_the_shutdown_cancels_a_task(
    serve: Any, limit: int | None
) -> None:
    app = FastAPI()
    started, leave = threading.Event(), threading.Event()
    seen: list[str] = []

    async def task() -> None:
        started.set()
        try:
            await asyncio.to_thread(leave.wait, PATIENCE)
            seen.append("ended")
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    @app.post("/")
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(task)

    options = {} if limit is None else {"timeout_graceful_shutdown": limit}
    with serve(app, **options) as (url, server):
        httpx2.post(url, timeout=PATIENCE)
        assert started.wait(PATIENCE)
        server.should_exit = True
        if limit is None:
            leave.set()
        else:
            while not seen:
                time.sleep(0.01)
            leave.set()
    assert seen == ["ended" if limit is None else "cancelled"]


def app_with(error: Exception) -> FastAPI:
    app = FastAPI()

    def task() -> None:
        raise error

    @app.post("/")
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(task)

    return app


def test_an_http_exception_in_a_task_changes_no_status_and_becomes_a_runtime_error() -> (
    None
):
    app = app_with(HTTPException(404))
    assert post(app, "/") == 200
    with pytest.raises(RuntimeError, match=LATE):
        TestClient(app).post("/")


def test_a_handler_of_the_error_is_not_called() -> None:
    app = app_with(KeyError())
    calls: list[str] = []

    @app.exception_handler(KeyError)
    async def handler(request: Request, error: KeyError) -> JSONResponse:
        calls.append("called")
        return JSONResponse({}, status_code=409)

    assert post(app, "/") == 200
    assert calls == []
    with pytest.raises(RuntimeError, match=LATE):
        TestClient(app).post("/")


@pytest.mark.parametrize(("debug", "called"), [(False, ["KeyError"]), (True, [])])
def test_a_handler_of_exception_is_called_without_debug_and_its_response_thrown_away(
    debug: bool, called: list[str]
) -> None:
    app = app_with(KeyError())
    app.debug = debug
    calls: list[str] = []

    @app.exception_handler(Exception)
    async def handler(request: Request, error: Exception) -> JSONResponse:
        calls.append(type(error).__name__)
        return JSONResponse({}, status_code=500)

    assert post(app, "/") == 200
    assert calls == called


@pytest.mark.parametrize(
    ("error", "status"), [(HTTPException(401), 401), (ValueError(), 500)]
)
def test_when_the_endpoint_raises_no_task_is_run(error: Exception, status: int) -> None:
    app = FastAPI()
    ran: list[str] = []

    @app.post("/")
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(ran.append, "task")
        raise error

    assert post(app, "/") == status
    assert ran == []


def test_a_failed_validation_runs_no_task_of_a_dependency() -> None:
    app = FastAPI()
    ran: list[str] = []

    def dependency(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(ran.append, "task")

    @app.post("/", dependencies=[Depends(dependency)])
    async def endpoint(number: int) -> None: ...

    assert post(app, "/?number=x") == 422
    assert post(app, "/?number=1") == 200
    assert ran == ["task"]


@pytest.mark.parametrize(
    ("module", "printed"),
    [
        (wrong_task_of_a_failure, ""),
        (task_of_a_failure, "order 7 was to be cancelled\n"),
    ],
)
def test_the_task_of_a_raised_error_is_lost_and_that_of_a_returned_one_runs(
    module: ModuleType, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    response = TestClient(module.app).delete("/orders/7")
    assert response.status_code == 409
    assert response.json() == {"detail": "Shipped already"}
    assert capsys.readouterr().out == printed


def test_an_exception_handler_can_return_a_response_with_a_task() -> None:
    app = FastAPI()
    ran: list[str] = []

    @app.exception_handler(KeyError)
    async def handler(request: Request, error: KeyError) -> JSONResponse:
        tasks = BackgroundTasks()
        tasks.add_task(ran.append, "audit")
        return JSONResponse({}, status_code=409, background=tasks)

    @app.post("/")
    async def endpoint() -> None:
        raise KeyError

    assert post(app, "/") == 409
    assert ran == ["audit"]


@pytest.fixture(params=[wrong_late_commit, early_commit])
def shop(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Any]:
    """Give the program a new database, whose pool has one connection."""
    module = request.param
    engine = create_engine(
        f"sqlite:///{tmp_path / 'test.db'}", pool_size=1, max_overflow=0, pool_timeout=0
    )
    monkeypatch.setattr(module, "engine", engine)
    monkeypatch.setattr(module, "sessions", sessionmaker(engine))
    module.Base.metadata.create_all(engine)
    yield module
    engine.dispose()


def orders(shop: Any) -> int:
    with shop.sessions() as session:
        return int(session.scalar(select(func.count()).select_from(shop.Order)))


def test_a_failing_task_undoes_a_commit_after_yield_and_none_in_the_endpoint(
    shop: Any,
) -> None:
    assert post(shop.app, "/orders?item=tea") == 201
    assert orders(shop) == (1 if shop is early_commit else 0)


@pytest.mark.parametrize("item", ["%00", "a%00b", "", "a" * 101])
def test_text_that_postgresql_cannot_store_is_a_422(shop: Any, item: str) -> None:
    assert post(shop.app, f"/orders?item={item}") == 422
    assert orders(shop) == 0


@pytest.mark.parametrize("scope", ["function", "request"])
@pytest.mark.parametrize("item", ["raised", "returned"])
def test_a_commit_after_yield_saves_what_a_returned_error_has_written(
    shop: Any, item: str, scope: Any
) -> None:
    app = FastAPI()
    CurrentSession = Annotated[Session, Depends(shop.get_session, scope=scope)]

    @app.post("/orders")
    def refuse(item: str, session: CurrentSession) -> JSONResponse:
        session.add(shop.Order(item=item))
        session.flush()
        if item == "raised":
            raise HTTPException(409)
        return JSONResponse({}, 409)

    for _ in range(3):
        assert post(app, f"/orders?item={item}") == 409
    assert shop.engine.pool.checkedout() == 0
    saved = 0 if shop is early_commit or item == "raised" else 3
    assert orders(shop) == saved


def test_the_session_of_the_request_is_closed_before_the_task(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    out: list[int] = []
    monkeypatch.setattr(
        shop, "send_receipt", lambda order_id: out.append(shop.engine.pool.checkedout())
    )
    assert post(shop.app, "/orders?item=tea") == 201
    assert out == [0 if shop is early_commit else 1]
