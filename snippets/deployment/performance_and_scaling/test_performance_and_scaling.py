import asyncio
import inspect
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, routing
from fastapi.dependencies import models, utils
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import QueuePool, create_engine

from snippets.deployment.performance_and_scaling import (
    conditional_get,
    one_process,
    pages,
    wrong_whole_table,
)

HERE = Path(__file__).parent
ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
PATIENCE = 60.0


class Workers:
    """`uvicorn --workers 2` as a real process with two children."""

    def __init__(self, log: Path, module: str, **environment: str) -> None:
        self.log = log
        with log.open("w") as file:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "uvicorn", "--port", "0", "--workers", "2"),
                    f"snippets.deployment.performance_and_scaling.{module}:app",
                ],
                cwd=ROOT,
                # no busy machine may make the parent kill a healthy worker
                env={**os.environ, "UVICORN_TIMEOUT_WORKER_HEALTHCHECK": "60"}
                | environment,
                stdout=file,
                stderr=file,
            )
        self.wait_for(lambda: self.text().count("Application startup complete.") >= 2)
        found = re.search(r"running on http://127.0.0.1:(\d+)", self.text())
        assert found
        self.url = f"http://127.0.0.1:{found[1]}"

    def text(self) -> str:
        return self.log.read_text()

    def wait_for(self, condition: Any) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.02)

    def pids(self) -> list[int]:
        return [int(n) for n in re.findall(r"server process \[(\d+)\]", self.text())]

    def visit_until_both_answered(self) -> list[dict[str, int]]:
        """Send requests, each on a connection of its own; at most 2,000."""
        answers: list[dict[str, int]] = []
        while len({answer["process"] for answer in answers}) < 2:
            assert len(answers) < 2000
            answers.append(httpx2.post(f"{self.url}/visits", timeout=PATIENCE).json())
        return answers


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Any]:
    started: list[Workers] = []

    def start(module: str, **environment: str) -> Workers:
        started.append(Workers(tmp_path / "log.txt", module, **environment))
        return started[-1]

    yield start
    for one in started:
        one.process.terminate()
        try:
            one.process.wait(PATIENCE)
        finally:
            one.process.kill()


def test_each_worker_counts_for_itself(workers: Any) -> None:
    answers = workers("wrong_counter").visit_until_both_answered()
    assert answers[-1]["visits"] == 1  # the second worker starts again
    assert len(answers) > 1


def test_a_counter_in_a_database_counts_all_workers(
    workers: Any, tmp_path: Path
) -> None:
    file = tmp_path / "visits.db"
    server = workers("shared_counter", VISITS_FILE=str(file))
    answers = server.visit_until_both_answered()
    assert [answer["visits"] for answer in answers] == list(range(1, len(answers) + 1))


def test_uvicorn_replaces_a_worker_that_was_killed(workers: Any) -> None:
    # A worker that dies in the middle of a check is missed only after this time.
    server = workers("wrong_counter", UVICORN_TIMEOUT_WORKER_HEALTHCHECK="5")
    before = server.pids()
    os.kill(before[0], signal.SIGKILL)
    server.wait_for(lambda: f"Child process [{before[0]}] died" in server.text())
    server.wait_for(lambda: len(server.pids()) > len(before))
    assert before[0] not in server.pids()[len(before) :]  # another process


def test_without_options_there_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    assert uvicorn.Config(FastAPI()).workers == 1


def test_fastapi_runs_the_function_itself_and_generates_no_code() -> None:
    app = FastAPI()

    async def prices() -> dict[str, int]:
        return {"tea": 3}

    code = prices.__code__
    route = app.get("/prices")(prices)
    assert route is prices
    assert prices.__code__ is code
    registered = [r for r in app.routes if isinstance(r, APIRoute)]
    assert [r.endpoint for r in registered] == [prices]
    for module in (routing, models, utils):
        assert not re.search(r"\b(exec|eval|compile)\(", inspect.getsource(module))


def test_the_same_etag_gets_304_without_a_body(recorded: Any) -> None:
    client = TestClient(conditional_get.app)
    first = client.get("/prices")
    etag = first.headers["etag"]
    second = client.get("/prices", headers={"If-None-Match": etag})
    assert second.content == b""

    def show(response: httpx2.Response) -> str:
        names = ["etag", "cache-control", "content-length"]
        shown = [f"{n}: {response.headers[n]}" for n in names if n in response.headers]
        first_line = f"HTTP/1.1 {response.status_code} {response.reason_phrase}"
        return "\n".join([first_line, *shown])

    recorded(
        "conditional_get.http",
        f"GET /prices\n\n{show(first)}\n\n"
        f"GET /prices\nif-none-match: {etag}\n\n{show(second)}",
    )


@pytest.mark.parametrize("sent", ['W/{}, "other"', "{}", "*"])
def test_lists_weak_tags_and_the_star_match(sent: str) -> None:
    client = TestClient(conditional_get.app)
    etag = client.get("/prices").headers["etag"]
    header = {"If-None-Match": sent.format(etag)}
    assert client.get("/prices", headers=header).status_code == 304
    other = client.get("/prices", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_the_start_script_is_accepted_by_shellcheck_and_by_uvicorn() -> None:
    script = HERE / "start.sh"
    result = subprocess.run(
        [BIN / "shellcheck", script], capture_output=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, b"")
    words = script.read_text().replace("\\\n", "").split("exec uvicorn ")[1]
    options = words.splitlines()[0].split()
    found = uvicorn.main.make_context("uvicorn", options).params
    assert found["workers"] == 4
    assert found["limit_concurrency"] == 500
    assert found["timeout_graceful_shutdown"] == 20


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the condition never came true")


def test_at_the_limit_of_connections_the_older_one_gets_503_as_well() -> None:
    app = FastAPI()

    @app.get("/livez")
    async def livez() -> None: ...

    async def main() -> list[bytes]:
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, limit_concurrency=2)
        )
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
            serving = asyncio.create_task(server.serve(sockets=[sock]))
            await until(lambda: server.started)
            reader, older = await asyncio.open_connection("127.0.0.1", port)

            async def status() -> bytes:
                older.write(b"GET /livez HTTP/1.1\r\nhost: test\r\n\r\n")
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
                if length := re.search(rb"content-length: (\d+)", head):
                    await reader.readexactly(int(length[1]))
                return head.split()[1]

            seen = [await status()]
            _, idle = await asyncio.open_connection("127.0.0.1", port)
            await until(lambda: len(server.server_state.connections) == 2)
            seen.append(await status())
            idle.close()
            older.close()
            server.should_exit = True
            await serving
        return seen

    assert asyncio.run(main()) == [b"200", b"503"]


def test_ruff_reports_the_counter_of_a_worker_and_no_right_program() -> None:
    folder = str(HERE)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache"]
    command += ["--select", "PLW0603", "--output-format", "json", folder]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    reported = {Path(found["filename"]).name for found in json.loads(said.stdout)}
    assert reported == {"wrong_counter.py"}


def test_100_requests_wait_at_once_in_one_thread(
    monkeypatch: pytest.MonkeyPatch, recorded: Any
) -> None:
    all_wait, answer = asyncio.Event(), asyncio.Event()

    async def supplier() -> None:
        if one_process.app.state.waiting == 100:
            all_wait.set()
        await answer.wait()

    monkeypatch.setattr(one_process, "supplier", supplier)
    threads = threading.active_count() - 1  # those of the tests

    async def main() -> list[dict[str, int]]:
        transport = httpx2.ASGITransport(one_process.app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://test"
        ) as http:
            requests = [http.get("/quote") for _ in range(100)]
            answers = asyncio.gather(*requests)
            await asyncio.wait_for(all_wait.wait(), PATIENCE)
            answer.set()
            return [answer.json() for answer in await answers]

    first = asyncio.run(main())[0]
    first["threads"] -= threads
    recorded("one_process.json", json.dumps(first))


def test_four_workers_with_the_default_pool_may_open_60_connections() -> None:
    pool = create_engine("postgresql+psycopg://localhost/shop").pool
    assert isinstance(pool, QueuePool)
    assert 4 * (pool.size() + pool._max_overflow) == 60


def test_a_page_has_at_most_100_rows_and_leads_on() -> None:
    client = TestClient(pages.app)
    first = client.get("/orders").json()
    assert [order["id"] for order in first] == list(range(1, 51))
    following = client.get("/orders", params={"after": first[-1]["id"]}).json()
    assert following[0]["id"] == 51
    assert len(client.get("/orders", params={"limit": 100}).json()) == 100
    assert client.get("/orders", params={"limit": 101}).status_code == 422
    assert client.get("/orders", params={"limit": 0}).status_code == 422
    assert client.get("/orders", params={"after": 10_000}).json() == []


def test_a_page_after_a_number_that_is_no_id_is_a_422() -> None:
    client = TestClient(pages.app)
    for after in (-1, 2**31, 10**30):
        response = client.get("/orders", params={"after": after})
        assert response.status_code == 422
    response = client.get("/orders", params={"after": 2**31 - 1})
    assert (response.status_code, response.json()) == (200, [])


def test_a_path_operation_without_a_limit_sends_the_whole_table() -> None:
    everything = TestClient(wrong_whole_table.app).get("/orders")
    assert len(everything.json()) == 10_000
    page = TestClient(pages.app).get("/orders")
    assert len(everything.content) > 100 * len(page.content)


@pytest.mark.since(uvicorn="0.50.0")  # before, the parent started it again and again
def test_a_worker_whose_lifespan_fails_ends_the_server(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("async def app(*_): raise LookupError\n")
    command = [sys.executable, "-m", "uvicorn", "--port", "0", "--workers", "2"]
    result = subprocess.run(
        [*command, "--lifespan", "on", "broken:app"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "failed to start, stopping the parent process" in result.stderr


def test_a_worker_whose_module_raises_is_started_again_and_again(
    tmp_path: Path,
) -> None:
    (tmp_path / "broken.py").write_text("raise LookupError\n")
    log = tmp_path / "log.txt"
    command = [sys.executable, "-m", "uvicorn", "--port", "0", "--workers", "2"]
    with log.open("w") as out:
        parent = subprocess.Popen([*command, "broken:app"], cwd=tmp_path, stderr=out)
    try:
        deadline = time.monotonic() + PATIENCE
        while log.read_text().count("died") < 4:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        assert parent.poll() is None
    finally:
        parent.terminate()
        try:
            parent.wait(PATIENCE)
        finally:
            parent.kill()


def test_the_worker_class_for_gunicorn_in_uvicorn_is_deprecated() -> None:
    source = Path(uvicorn.__file__).with_name("workers.py").read_text()
    assert "module is deprecated. Please use `uvicorn-worker`" in source
