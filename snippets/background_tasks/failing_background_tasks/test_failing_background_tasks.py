import logging
from types import ModuleType
from typing import Any

import httpx2
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient

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


@pytest.fixture(autouse=True)
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    log: list[str] = []
    for module in (
        wrong_unhandled,
        handled,
        task_of_a_failure,
        wrong_task_of_a_failure,
    ):
        monkeypatch.setattr(module, "events", log)
    for session in (wrong_late_commit, early_commit):
        monkeypatch.setattr(session, "saved", [])
    return log


def post(app: FastAPI, path: str) -> int:
    return TestClient(app, raise_server_exceptions=False).post(path).status_code


def test_a_task_that_raises_skips_the_rest_and_the_client_has_its_201(
    serve: Any, events: list[str], caplog: pytest.LogCaptureFixture, recorded: Any
) -> None:
    caplog.set_level(logging.ERROR)
    with serve(wrong_unhandled.app) as (url, _):
        response = httpx2.post(f"{url}/orders/7", timeout=PATIENCE)
    status = f"the client has {response.status_code} {response.reason_phrase}"
    (record,) = caplog.records
    assert record.exc_info is not None
    error = record.exc_info[1]
    log = f"{record.name} {record.levelname}: {record.message.strip()}"
    lines = [status, *events, f"{log}: {type(error).__name__}: {error}"]
    assert "the receipt is sent" not in lines
    recorded("what_happens.txt", "\n".join(lines))


def test_the_test_client_raises_what_a_task_raised(events: list[str]) -> None:
    with pytest.raises(ConnectionError):
        TestClient(wrong_unhandled.app).post("/orders/7")
    assert post(wrong_unhandled.app, "/orders/7") == 201


def test_a_task_that_catches_its_own_error_lets_the_next_one_run(
    events: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert TestClient(handled.app).post("/orders/7").status_code == 201
    assert events == ["the receipt is sent"]
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert record.message == "order 7 is not in the index"
    assert record.exc_info is not None


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


def test_a_handler_of_exception_is_called_and_its_response_is_thrown_away() -> None:
    app = app_with(KeyError())
    calls: list[str] = []

    @app.exception_handler(Exception)
    async def handler(request: Request, error: Exception) -> JSONResponse:
        calls.append(type(error).__name__)
        return JSONResponse({}, status_code=500)

    assert post(app, "/") == 200
    assert calls == ["KeyError"]


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


def test_the_task_of_a_raised_http_exception_is_lost(events: list[str]) -> None:
    assert post(wrong_task_of_a_failure.app, "/login/ann") == 401
    assert events == []


def test_the_task_of_a_returned_error_response_runs(events: list[str]) -> None:
    assert post(task_of_a_failure.app, "/login/ann") == 401
    assert events == ["failed login of ann"]


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


@pytest.mark.parametrize(
    ("module", "saved"), [(wrong_late_commit, []), (early_commit, [7])]
)
def test_a_failing_task_undoes_a_commit_in_the_exit_code_of_the_request_scope(
    module: ModuleType, saved: list[int]
) -> None:
    assert post(module.app, "/orders/7") == 201
    assert module.saved == saved
