import asyncio
import contextlib
import inspect
import os
import sqlite3
import threading
import uuid
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from fastapi import BackgroundTasks, FastAPI, UploadFile
from fastapi.testclient import TestClient
from starlette.background import BackgroundTask

from snippets.background_tasks.background_tasks_or_task_queue import (
    lifespan_loop,
    outbox,
    stored_job,
    wrong_retry_loop,
    wrong_schedule,
)
from snippets.conftest import client_of, until

PATIENCE = 30.0


@pytest.fixture(autouse=True)
def database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[sqlite3.Connection]:
    """Give the applications a new file, and the test a connection to it."""
    file = tmp_path / "test.db"
    for module in (stored_job, outbox):
        monkeypatch.setattr(module, "DATABASE", str(file))
    with contextlib.closing(sqlite3.connect(file)) as db:
        yield db


def test_the_job_is_stored_before_202_is_answered_and_can_be_polled(
    database: sqlite3.Connection, recorded: Any
) -> None:
    with TestClient(stored_job.app) as client:
        accepted = client.post("/reports")
        job_id = accepted.json()["id"]
        assert database.execute("SELECT * FROM jobs").fetchall() == [(job_id, "queued")]
        with database:  # the worker's part
            database.execute("UPDATE jobs SET status = 'done'")
        polled = client.get(accepted.headers["location"])
    exchange = (
        f"POST /reports\n{accepted.status_code} {accepted.reason_phrase}\n"
        f"location: {accepted.headers['location']}\n\n{accepted.text}\n\n"
        f"GET {accepted.headers['location']}\n"
        f"{polled.status_code} {polled.reason_phrase}\n\n{polled.text}"
    )
    recorded("accepted.http", exchange.replace(job_id, "4a1f"))


@pytest.mark.parametrize("module", [stored_job, outbox])
def test_a_connection_waits_half_a_minute_for_a_lock(module: Any) -> None:
    with module.connect() as db:
        assert db.execute("PRAGMA busy_timeout").fetchone() == (30_000,)


def test_the_job_of_a_request_that_is_cancelled_is_stored_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entered, ended = threading.Event(), threading.Event()

    def slow_id() -> uuid.UUID:
        entered.set()
        assert ended.wait(PATIENCE)
        return uuid.UUID(int=7)

    def is_stored() -> bool:
        with stored_job.connect() as db:
            return bool(db.execute("SELECT * FROM jobs").fetchall())

    async def scenario() -> None:
        async with client_of(stored_job.app) as client:
            request = asyncio.create_task(client.post("/reports"))
            assert await asyncio.to_thread(entered.wait, PATIENCE)
            request.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await request
        ended.set()

    monkeypatch.setattr(stored_job, "uuid", SimpleNamespace(uuid4=slow_id))
    asyncio.run(scenario())
    asyncio.run(until(is_stored))


def test_the_location_has_the_prefix_that_a_proxy_removes() -> None:
    with TestClient(stored_job.app, root_path="/api") as client:
        location = client.post("/api/reports").headers["location"]
        assert location.startswith("/api/reports/")
        assert client.get(location).json()["status"] == "queued"


def test_an_unknown_job_is_404() -> None:
    with TestClient(stored_job.app) as client:
        assert client.get("/reports/x").status_code == 404


@pytest.mark.parametrize(
    ("app", "method", "path"),
    [
        (stored_job.app, "GET", "/reports/a%00b"),
        (outbox.app, "POST", "/orders?item=a%00b"),
        (outbox.app, "POST", "/orders?item="),
        (outbox.app, "POST", f"/orders?item={'a' * 101}"),
    ],
)
def test_nul_and_a_text_that_is_empty_or_too_long_are_a_422(
    app: FastAPI, method: str, path: str
) -> None:
    with TestClient(app) as client:
        assert client.request(method, path).status_code == 422


def test_a_job_is_there_after_a_restart() -> None:
    with TestClient(stored_job.app) as client:
        location = client.post("/reports").headers["location"]
    with TestClient(stored_job.app) as client:
        assert client.get(location).json()["status"] == "queued"


@pytest.mark.parametrize(
    ("app", "path", "status"),
    [(stored_job.app, "/reports", 202), (outbox.app, "/orders?item=tea", 201)],
)
def test_many_requests_at_the_same_time_are_all_stored(
    app: FastAPI, path: str, status: int
) -> None:
    with TestClient(app) as client, ThreadPoolExecutor(16) as pool:
        responses = list(pool.map(lambda _: client.post(path), range(64)))
    assert {response.status_code for response in responses} == {status}


def test_a_retry_loop_that_is_cancelled_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            raise asyncio.CancelledError  # the server stops

    monkeypatch.setattr(wrong_retry_loop, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(wrong_retry_loop.notify(7))
    assert waits == [1, 2, 4]


def rows(db: sqlite3.Connection, table: str) -> int:
    (count,) = db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
    return int(count)


def order(client: TestClient) -> None:
    assert client.post("/orders?item=tea").status_code == 201


def test_the_outbox_row_stays_until_the_delivery_has_succeeded(
    database: sqlite3.Connection,
) -> None:
    def fails(order_id: int) -> None:
        raise ConnectionError

    delivered: list[int] = []
    with TestClient(outbox.app) as client:
        order(client)
        outbox.deliver(database, fails)
        assert rows(database, "outbox") == 1
        outbox.deliver(database, delivered.append)
        assert (delivered, rows(database, "outbox")) == ([1], 0)


@pytest.mark.parametrize("error", [TimeoutError, ValueError, httpx2.ConnectError("")])
def test_a_receiver_that_does_not_answer_stops_no_other_delivery(
    database: sqlite3.Connection, error: Exception | type[Exception]
) -> None:
    delivered: list[int] = []

    def first_fails(order_id: int) -> None:
        if order_id == 1:
            raise error
        delivered.append(order_id)

    with TestClient(outbox.app) as client:
        order(client)
        order(client)
        outbox.deliver(database, first_fails)
        assert (delivered, rows(database, "outbox")) == ([2], 1)


def test_a_row_that_cannot_be_deleted_now_stops_no_other_delivery(
    database: sqlite3.Connection,
) -> None:
    delivered: list[int] = []
    database.execute("PRAGMA busy_timeout = 0")
    with (
        TestClient(outbox.app) as client,
        outbox.connect() as other,
    ):
        order(client)
        order(client)

        def call_webhook(order_id: int) -> None:
            delivered.append(order_id)
            other.execute("BEGIN IMMEDIATE" if order_id == 1 else "ROLLBACK")

        outbox.deliver(database, call_webhook)
    assert delivered == [1, 2]
    assert database.execute("SELECT order_id FROM outbox").fetchall() == [(1,)]


def test_order_and_outbox_row_are_written_together_or_not_at_all(
    database: sqlite3.Connection,
) -> None:
    with TestClient(outbox.app, raise_server_exceptions=False) as client:
        database.execute("DROP TABLE outbox")
        assert client.post("/orders?item=tea").status_code == 500
        assert rows(database, "orders") == 0


def test_an_open_transaction_of_one_request_is_not_committed_by_another(
    database: sqlite3.Connection,
) -> None:
    with (
        TestClient(outbox.app) as client,
        outbox.connect() as open_request,
    ):
        order(client)
        open_request.execute("INSERT INTO orders VALUES (8, 'cup')")  # not committed
        with outbox.connect() as other_request:
            other_request.commit()
        open_request.rollback()
        assert rows(database, "orders") == 1


def test_a_crash_between_delivery_and_deletion_delivers_twice(
    database: sqlite3.Connection,
) -> None:
    delivered: list[int] = []

    def crashes(order_id: int) -> None:
        delivered.append(order_id)
        raise SystemExit

    with TestClient(outbox.app) as client:
        order(client)
        with pytest.raises(SystemExit):
            outbox.deliver(database, crashes)
        outbox.deliver(database, delivered.append)
    assert delivered == [1, 1]


class Clock:
    """Stands for ``sleep``: wakes nobody, and counts who waits."""

    def __init__(self) -> None:
        self.waiting = 0
        self.asked = threading.Event()

    async def sleep(self, seconds: float) -> None:
        self.waiting += 1
        self.asked.set()
        await asyncio.Event().wait()


def test_a_loop_in_a_background_task_is_started_by_every_request_and_never_ends(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(wrong_schedule, "sleep", clock.sleep)
    with serve(wrong_schedule.app, timeout_graceful_shutdown=0) as (url, server):
        for _ in range(2):
            clock.asked.clear()
            httpx2.post(f"{url}/clean-up", timeout=PATIENCE)
            assert clock.asked.wait(PATIENCE)
        assert clock.waiting == 2
        assert len(server.server_state.tasks) == 2


def test_a_loop_of_the_lifespan_runs_once_survives_errors_and_ends_with_the_application(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[str] = []
    runs: list[str] = []
    again = threading.Event()

    async def fails() -> None:
        runs.append("run")
        raise ValueError

    async def sleep(seconds: float) -> None:
        if len(runs) < 2:
            return
        again.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            for _ in range(50):
                await asyncio.sleep(0)  # the clean-up of the loop itself
            ended.append("cancelled")
            raise

    monkeypatch.setattr(lifespan_loop, "sleep", sleep)
    monkeypatch.setattr(lifespan_loop, "delete_expired", fails)
    with TestClient(lifespan_loop.app):
        assert again.wait(PATIENCE)
    assert (runs, ended) == (["run", "run"], ["cancelled"])
    assert [record.message for record in caplog.records] == ["clean-up failed"] * 2


def call(task: Callable[..., Any]) -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(background_tasks: BackgroundTasks) -> None:
        background_tasks.add_task(task)

    TestClient(app).post("/")


def test_a_background_task_never_leaves_the_process_that_served_the_request() -> None:
    pids: list[int] = []
    call(lambda: pids.append(os.getpid()))
    assert pids == [os.getpid()]


def test_add_task_takes_no_time_and_no_interval() -> None:
    for function in (BackgroundTasks.add_task, BackgroundTask.__init__):
        assert list(inspect.signature(function).parameters) == (
            ["self", "func", "args", "kwargs"]
        )


def test_the_result_of_a_task_is_thrown_away() -> None:
    async def task() -> int:
        return 42

    async def main() -> None:
        tasks = BackgroundTasks()
        tasks.add_task(task)
        result: Awaitable[Any] = tasks()
        assert await result is None

    asyncio.run(main())


def test_an_upload_has_been_received_before_any_task_and_is_still_open_in_it() -> None:
    app = FastAPI()
    read: list[tuple[str, bytes]] = []

    def process(file: UploadFile) -> None:
        read.append(("task", file.file.read()))

    @app.post("/")
    async def endpoint(file: UploadFile, background_tasks: BackgroundTasks) -> None:
        read.append(("endpoint", await file.read()))
        await file.seek(0)
        background_tasks.add_task(process, file)

    TestClient(app).post("/", files={"file": b"data"})
    assert read == [("endpoint", b"data"), ("task", b"data")]
