import asyncio
import contextlib
import gc
import hashlib
import inspect
import json
import multiprocessing
import operator
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from anyio import CancelScope, CapacityLimiter, open_process, to_process
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient
from pydantic import TypeAdapter
from uvicorn.supervisors.multiprocess import Process as UvicornProcess

from snippets.concurrency import worker_functions as worker
from snippets.concurrency.cpu_bound_work import (
    bounded_jobs,
    killable_job,
    process_pool,
    wrong_background_task,
    wrong_computation_in_async_def,
    wrong_pool_per_request,
)

# How long right code may take on a busy machine before a test gives up.
PATIENCE = 60.0

needs_the_gil = pytest.mark.needs(
    getattr(sys, "_is_gil_enabled", lambda: True)(), "the GIL"
)


class Gate:
    """Knows when a job runs in a worker process, and lets it end."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(PATIENCE)
        self.job = partial(worker.wait_for_release, self.server.getsockname())

    async def job_runs(self) -> socket.socket:
        """Return the connection to the running job; a byte sent to it ends the job."""
        connection, _ = await asyncio.to_thread(self.server.accept)
        connection.settimeout(PATIENCE)
        return connection


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.server.close()


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://test") as client,
    ):
        yield client


class Computation:
    """Computes until another request was answered, or for ``give_up`` seconds."""

    def __init__(self, give_up: float) -> None:
        self.give_up = give_up
        self.started = threading.Event()
        self.other_answered = threading.Event()
        self.served_meanwhile: bool | None = None

    def __call__(self, text: str) -> float:
        self.started.set()
        end = time.monotonic() + self.give_up
        while not self.other_answered.is_set() and time.monotonic() < end:
            sum(number for number in range(100))
        self.served_meanwhile = self.other_answered.is_set()
        return 1.0


async def compute_and_ask(
    app: FastAPI, computation: Computation, method: str = "GET", path: str = "/score"
) -> None:
    """Send a request that computes, and another one as soon as it does."""
    async with running(app) as client, asyncio.TaskGroup() as tasks:
        tasks.create_task(client.request(method, path, params={"text": "good"}))
        await asyncio.to_thread(computation.started.wait, PATIENCE)
        await client.get("/health")
        computation.other_answered.set()


# What computing does to the other requests


def test_a_computation_in_async_def_stops_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computation = Computation(give_up=0.2)
    monkeypatch.setattr(wrong_computation_in_async_def, "score", computation)
    asyncio.run(compute_and_ask(wrong_computation_in_async_def.app, computation))
    assert computation.served_meanwhile is False


def test_python_code_that_computes_in_def_lets_the_event_loop_have_its_turns() -> None:
    app = FastAPI()
    computation = Computation(give_up=PATIENCE)

    @app.get("/score")
    def read_score(text: str) -> float:
        return computation(text)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    asyncio.run(compute_and_ask(app, computation))
    assert computation.served_meanwhile is True


def test_the_interpreter_switches_threads_every_five_milliseconds() -> None:
    assert sys.getswitchinterval() == 0.005


@pytest.fixture
def turns_of_another_thread() -> Iterator[Callable[[Callable[[], object]], int]]:
    """Count how often another thread's Python code ran during one call into C."""
    ticks: list[None] = []
    ticking = threading.Event()
    stop = threading.Event()

    def tick() -> None:
        while not stop.is_set():
            ticks.append(None)
            ticking.set()

    def count(call: Callable[[], object]) -> int:
        # One call of `list` reads the counter before and after: no Python code in between.
        ticks.clear()
        reader = ticks.__len__
        before, _, after = list(map(operator.call, [reader, call, reader]))
        assert isinstance(before, int)
        assert isinstance(after, int)
        return after - before

    thread = threading.Thread(target=tick)
    thread.start()
    assert ticking.wait(PATIENCE)
    gc.disable()  # it would run Python code in the middle
    yield count
    gc.enable()
    stop.set()
    thread.join()


DOCUMENT = json.dumps([{"number": number} for number in range(50_000)])
KEEPS_THE_GIL: dict[str, Callable[[], object]] = {
    "sorting": partial(sorted, [str(number) for number in range(100_000, 0, -1)]),
    "a regular expression": partial(re.compile("(a+)+$").match, "a" * 20 + "b"),
    "parsing JSON": partial(
        operator.methodcaller("scan_once", DOCUMENT, 0), json.JSONDecoder()
    ),
    "validating with Pydantic": partial(
        TypeAdapter(list[dict[str, int]]).validator.validate_json, DOCUMENT
    ),
}
RELEASES_THE_GIL: dict[str, Callable[[], object]] = {
    "hashing": partial(hashlib.sha256, b"x" * 30_000_000),
    "compressing": partial(zlib.compress, b"xy" * 5_000_000),
}


@needs_the_gil
@pytest.mark.parametrize("call", KEEPS_THE_GIL.values(), ids=list(KEEPS_THE_GIL))
def test_a_call_into_c_that_keeps_the_gil_lets_no_other_thread_run(
    turns_of_another_thread: Callable[[Callable[[], object]], int],
    call: Callable[[], object],
) -> None:
    assert turns_of_another_thread(call) == 0


@pytest.mark.parametrize("call", RELEASES_THE_GIL.values(), ids=list(RELEASES_THE_GIL))
def test_a_call_into_c_that_releases_the_gil_lets_other_threads_run(
    turns_of_another_thread: Callable[[Callable[[], object]], int],
    call: Callable[[], object],
) -> None:
    end = time.monotonic() + PATIENCE
    while not (turns := turns_of_another_thread(call)) and time.monotonic() < end:
        pass  # the machine gave the other thread no core
    assert turns > 0


@pytest.fixture
def start_worker(
    monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> Iterator[Callable[[str], UvicornProcess]]:
    """Start an application as a worker of Uvicorn, and return it when it computes."""
    port = gate.server.getsockname()[1]
    monkeypatch.setenv("GATE_PORT", str(port))
    workers: list[UvicornProcess] = []

    def start(app: str) -> UvicornProcess:
        path = f"{worker.__name__}:{app}"
        config = uvicorn.Config(path, log_config=None)
        arguments: dict[str, Any] = {"sockets": []}
        if "target" in inspect.signature(UvicornProcess).parameters:  # older releases
            arguments["target"] = uvicorn.Server(config).run
        process = UvicornProcess(config, **arguments)
        workers.append(process)
        process.start()
        gate.server.accept()[0].close()
        return process

    yield start
    for process in workers:
        process.kill()
        process.process.join()


def test_uvicorn_gives_its_workers_five_seconds_to_answer() -> None:
    config = uvicorn.Config(process_pool.app, log_config=None)
    assert config.timeout_worker_healthcheck == 5


def test_a_worker_whose_event_loop_computes_in_python_answers_uvicorn(
    start_worker: Callable[[str], UvicornProcess],
) -> None:
    process = start_worker("app_that_computes_in_python")
    assert [process.is_alive(PATIENCE) for _ in range(3)] == [True] * 3


@needs_the_gil
@pytest.mark.needs(sys.platform != "win32", "usleep of POSIX")
def test_a_worker_that_keeps_the_gil_does_not_answer_uvicorn_and_counts_as_dead(
    start_worker: Callable[[str], UvicornProcess],
) -> None:
    process = start_worker("app_that_keeps_the_gil")
    end = time.monotonic() + PATIENCE
    answers = True
    while answers and time.monotonic() < end:  # it may answer between two calls into C
        answers = process.is_alive(timeout=0.1)
    assert not answers
    assert process.process.is_alive()


def test_background_tasks_run_in_the_process_of_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wrong_background_task, "score", worker.process_id)
    monkeypatch.setattr(wrong_background_task, "scores", {})
    response = TestClient(wrong_background_task.app).post("/scores?text=good")
    assert response.status_code == 202
    assert wrong_background_task.scores == {"good": os.getpid()}


def test_a_computation_in_an_async_background_task_stops_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computation = Computation(give_up=0.2)
    monkeypatch.setattr(wrong_background_task, "score", computation)
    monkeypatch.setattr(wrong_background_task, "scores", {})
    asyncio.run(
        compute_and_ask(wrong_background_task.app, computation, "POST", "/scores")
    )
    assert computation.served_meanwhile is False


# The pool of processes


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the processes the import of the application, where a test does not need it."""
    monkeypatch.setattr(process_pool, "load_model", worker.load_nothing)


@pytest.mark.usefixtures("no_model")
def test_the_computation_runs_in_another_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process_pool, "score", worker.process_id)
    with TestClient(process_pool.app) as client:
        process_id = client.get("/score?text=good").json()
    assert process_id != os.getpid()


def test_only_the_worker_processes_load_the_model(recorded: Any) -> None:
    process_pool.load_model.cache_clear()
    with TestClient(process_pool.app) as client:
        answer = client.get("/score?text=good+good+bad")
        recorded("answer.txt", f"GET /score?text=good+good+bad\n200 {answer.text}")
    assert process_pool.load_model.cache_info().currsize == 0


@pytest.mark.usefixtures("no_model")
def test_the_event_loop_answers_while_the_process_computes(
    monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setattr(process_pool, "score", gate.job)

    async def main() -> None:
        async with running(process_pool.app) as client:
            score = asyncio.create_task(client.get("/score?text=good"))
            with await gate.job_runs() as job:
                assert (await client.get("/health")).json() == {"status": "ok"}
                assert not score.done()
                job.sendall(b".")
                assert (await score).json() == 1.0

    asyncio.run(main())


@pytest.mark.usefixtures("no_model")
def test_the_pool_starts_its_processes_when_jobs_arrive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process_pool, "score", worker.process_id)
    before = len(multiprocessing.active_children())
    with TestClient(process_pool.app) as client:
        assert len(multiprocessing.active_children()) == before
        client.get("/score?text=good")
        assert len(multiprocessing.active_children()) == before + 1


def test_a_pool_in_the_endpoint_starts_new_processes_for_each_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = partial(multiprocessing.get_context("spawn").Pool, 1)
    monkeypatch.setattr(wrong_pool_per_request, "Pool", pool)
    monkeypatch.setattr(wrong_pool_per_request, "score", worker.process_id)
    client = TestClient(wrong_pool_per_request.app)
    processes = [client.get("/score?text=good").json() for _ in range(2)]
    assert len({*processes, os.getpid()}) == 3


def test_a_pool_in_the_endpoint_blocks_the_event_loop_until_the_job_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = partial(multiprocessing.get_context("spawn").Pool, 1)
    monkeypatch.setattr(wrong_pool_per_request, "Pool", pool)
    turns: list[None] = []

    async def main() -> None:
        asyncio.get_running_loop().call_soon(turns.append, None)
        assert await wrong_pool_per_request.read_score("good") == 4.0
        assert turns == []

    asyncio.run(main())
    assert turns == [None]


# What goes wrong with a pool


def nested() -> Callable[[str], float]:
    return lambda text: 1.0


@pytest.mark.usefixtures("no_model")
def test_a_lambda_cannot_be_sent_to_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_pool, "score", nested())
    with (
        TestClient(process_pool.app) as client,
        pytest.raises((pickle.PicklingError, AttributeError), match=r"pickle|local"),
    ):
        client.get("/score?text=good")


@pytest.mark.usefixtures("no_model")
def test_an_exception_of_the_job_is_raised_by_the_await(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process_pool, "score", worker.raise_value_error)
    with TestClient(process_pool.app) as client:
        with pytest.raises(ValueError, match="bad input"):
            client.get("/score?text=bad input")
        monkeypatch.setattr(process_pool, "score", worker.process_id)
        assert client.get("/score?text=good").status_code == 200


def test_an_http_exception_made_with_keywords_cannot_be_unpickled() -> None:
    pickled = pickle.dumps(HTTPException(status_code=422, detail="bad"))
    with pytest.raises(TypeError, match="status_code"):
        pickle.loads(pickled)


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize(
    "job", [worker.raise_http_exception, worker.return_http_exception, worker.die]
)
def test_a_dead_process_or_what_cannot_be_unpickled_breaks_the_pool(
    monkeypatch: pytest.MonkeyPatch, job: Callable[[str], Any]
) -> None:
    monkeypatch.setattr(process_pool, "score", job)
    with TestClient(process_pool.app) as client:
        with pytest.raises(BrokenProcessPool, match="terminated abruptly"):
            client.get("/score?text=good")
        monkeypatch.setattr(process_pool, "score", worker.process_id)
        with pytest.raises(BrokenProcessPool, match="not usable anymore"):
            client.get("/score?text=good")


def test_bounded_jobs_replace_a_broken_pool_once_and_answer_503(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounded_jobs, "score", worker.die)

    async def main() -> None:
        async with running(bounded_jobs.app) as client:
            first = bounded_jobs.app.state.pool
            paths = ["/score?text=good"] * 2
            answers = await asyncio.gather(*[client.get(path) for path in paths])
            assert [answer.status_code for answer in answers] == [503, 503]
            assert bounded_jobs.app.state.pool is not first
            monkeypatch.setattr(bounded_jobs, "score", worker.process_id)
            assert (await client.get("/score?text=good")).status_code == 200

    asyncio.run(main())
    assert bounded_jobs.jobs == set()


def test_an_argument_that_cannot_be_unpickled_breaks_the_pool() -> None:
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, context) as pool,
        pytest.raises(BrokenProcessPool, match="terminated abruptly"),
    ):
        pool.submit(str, worker.NoNumber()).result(PATIENCE)


def test_an_initializer_that_fails_breaks_the_pool() -> None:
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(
            1, context, worker.raise_value_error, ("no model",)
        ) as pool,
        pytest.raises(BrokenProcessPool),
    ):
        pool.submit(worker.process_id, "abc").result(PATIENCE)


@pytest.mark.needs(sys.platform != "win32", "POSIX signals")
def test_a_killed_worker_leaves_its_pool_unless_the_processes_watch_their_parent(
    tmp_path: Path,
) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        """
import multiprocessing, os, socket, sys, threading
from concurrent.futures import ProcessPoolExecutor

def end_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)

def watch_parent():
    threading.Thread(target=end_with_parent, daemon=True).start()

def connect(name):
    global connection  # open as long as this process lives
    connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    connection.sendall(f"{name} {os.getpid()}".encode())

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, context) as plain,
        ProcessPoolExecutor(1, context, initializer=watch_parent) as watching,
    ):
        plain.submit(connect, "plain").result()
        watching.submit(connect, "watching").result()
        threading.Event().wait()
""",
        encoding="utf-8",
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        command = [sys.executable, str(script), str(server.getsockname()[1])]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            plain, _ = server.accept()
            watching, _ = server.accept()
            pid = int(plain.recv(100).removeprefix(b"plain "))
            watching.settimeout(PATIENCE)
            assert watching.recv(100).startswith(b"watching ")
        finally:
            process.kill()
            process.wait()
        assert watching.recv(1) == b""  # it has ended
        plain.setblocking(False)
        with pytest.raises(BlockingIOError):  # it lives
            plain.recv(1)
        os.kill(pid, signal.SIGKILL)
        plain.close()
        watching.close()


def test_a_process_started_while_the_main_module_is_imported_is_a_runtime_error(
    tmp_path: Path,
) -> None:
    start = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
context = multiprocessing.get_context("spawn")
pool = ProcessPoolExecutor(max_workers=1, mp_context=context)
print(pool.submit(len, "abc").result())
"""
    guarded = start.replace("print", 'if __name__ == "__main__":\n    print')
    for code, error in ((start, True), (guarded, False)):
        script = tmp_path / "script.py"
        script.write_text(code, encoding="utf-8")
        result = subprocess.run(
            [sys.executable, str(script)], capture_output=True, text=True, check=False
        )
        message = "An attempt has been made to start a new process before"
        assert (message in result.stderr) is error


# Limits


def cancelled(request: "asyncio.Task[Any]") -> "asyncio.Task[Any]":
    request.cancel()
    return request


def test_a_running_job_is_not_cancelled_and_counts_until_it_ends(
    monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setattr(bounded_jobs, "score", gate.job)
    monkeypatch.setattr(bounded_jobs, "MAX_JOBS", 1)
    monkeypatch.setattr(bounded_jobs, "TIMEOUT", PATIENCE)
    ended = threading.Event()

    def end(job: "Future[float]") -> None:
        ended.set()

    async def main() -> None:
        async with running(bounded_jobs.app) as client:
            request = asyncio.create_task(client.get("/score?text=good"))
            with await gate.job_runs() as connection:
                (job,) = bounded_jobs.jobs
                job.add_done_callback(end)
                with pytest.raises(asyncio.CancelledError):
                    await cancelled(request)
                assert job.running()
                response = await client.get("/score?text=good")
                assert response.status_code == 503
                assert response.headers["retry-after"] == "5"
                connection.sendall(b".")
                assert await asyncio.to_thread(job.result, PATIENCE) == 1.0
            assert await asyncio.to_thread(ended.wait, PATIENCE)
            monkeypatch.setattr(bounded_jobs, "score", worker.process_id)
            assert (await client.get("/score?text=good")).status_code == 200

    asyncio.run(main())
    assert bounded_jobs.jobs == set()


def test_the_executor_queues_without_limit_and_only_waiting_jobs_are_cancelled(
    gate: Gate,
) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        running = pool.submit(gate.job, "good")
        with asyncio.run(gate.job_runs()):
            waiting = [pool.submit(worker.process_id, "good") for _ in range(200)]
            assert not any(job.done() for job in waiting)
            assert not running.cancel()
            assert waiting[-1].cancel()
        assert running.result(PATIENCE) == 1.0
        pool.shutdown(cancel_futures=True)


def test_the_shutdown_of_the_pool_waits_for_a_job_that_runs(gate: Gate) -> None:
    pool = bounded_jobs.new_pool()
    pool.submit(gate.job, "good")
    with asyncio.run(gate.job_runs()) as connection:
        shutdown = threading.Thread(
            target=pool.shutdown, kwargs={"cancel_futures": True}
        )
        shutdown.start()
        shutdown.join(0.1)
        assert shutdown.is_alive()
        connection.sendall(b".")
        shutdown.join(PATIENCE)
    assert not shutdown.is_alive()


def test_the_timeout_ends_the_wait(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    monkeypatch.setattr(bounded_jobs, "score", gate.job)
    monkeypatch.setattr(bounded_jobs, "TIMEOUT", 0.001)

    async def main() -> None:
        async with running(bounded_jobs.app) as client:
            response = await client.get("/score?text=good")
            assert response.status_code == 504
            gate.server.close()  # the job ends, in whatever state it is

    asyncio.run(main())


@pytest.fixture
def no_main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare AnyIO's worker processes the import of pytest as their main module."""
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)


@pytest.mark.usefixtures("no_main_module")
def test_anyio_kills_the_process_of_a_cancelled_job_and_starts_another(
    monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setattr(killable_job, "score", gate.job)
    monkeypatch.setattr(killable_job, "TIMEOUT", PATIENCE)

    async def main() -> None:
        async with running(killable_job.app) as client:
            request = asyncio.create_task(client.get("/score?text=good"))
            with await gate.job_runs() as connection:
                with pytest.raises(asyncio.CancelledError):
                    await cancelled(request)
                # The system closes the connections of a dead process.
                assert await asyncio.to_thread(connection.recv, 1) == b""
            monkeypatch.setattr(killable_job, "score", worker.process_id)
            response = await client.get("/score?text=good")
            assert response.json() != os.getpid()

    asyncio.run(main())


@pytest.mark.usefixtures("no_main_module")
def test_anyio_ends_a_job_at_the_timeout(
    monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setattr(killable_job, "score", gate.job)
    monkeypatch.setattr(killable_job, "TIMEOUT", 0.001)

    async def main() -> None:
        async with running(killable_job.app) as client:
            response = await client.get("/score?text=good")
            assert response.status_code == 504

    asyncio.run(main())


@pytest.mark.usefixtures("no_main_module")
def test_a_killed_process_loads_the_model_again_within_the_timeout_of_the_next_job(
    monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setattr(killable_job, "TIMEOUT", PATIENCE)

    async def main() -> list[float]:
        calls = []
        async with running(killable_job.app) as client:

            async def call() -> None:
                calls.append((await client.get("/score?text=good")).json())

            monkeypatch.setattr(killable_job, "score", worker.calls_in_this_process)
            await call()
            await call()
            monkeypatch.setattr(killable_job, "score", gate.job)
            request = asyncio.create_task(client.get("/score?text=good"))
            with await gate.job_runs(), pytest.raises(asyncio.CancelledError):
                await cancelled(request)
            monkeypatch.setattr(killable_job, "score", worker.calls_in_this_process)
            await call()
        return calls

    assert asyncio.run(main()) == [1, 2, 1]


@pytest.mark.usefixtures("no_main_module")
def test_a_load_that_outlasts_the_timeout_fails_again_with_each_request(
    monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    # The job stands for a load that does not end: each request starts it from the beginning.
    monkeypatch.setattr(killable_job, "score", gate.job)

    async def main() -> None:
        async with running(killable_job.app) as client:
            for _ in range(2):
                request = asyncio.create_task(client.get("/score?text=good"))
                with await gate.job_runs() as connection:
                    request.cancel()  # as the timeout does
                    assert await asyncio.to_thread(connection.recv, 1) == b""

    asyncio.run(main())


@pytest.mark.usefixtures("no_main_module")
def test_a_job_that_would_wait_for_a_place_is_refused(
    monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setattr(killable_job, "score", gate.job)
    monkeypatch.setattr(killable_job, "TIMEOUT", PATIENCE)

    async def main() -> None:
        async with running(killable_job.app) as client, asyncio.TaskGroup() as tasks:
            first = [
                tasks.create_task(client.get("/score?text=good")) for _ in range(2)
            ]
            with await gate.job_runs() as one, await gate.job_runs() as two:
                async with asyncio.timeout(PATIENCE / 2):
                    response = await client.get("/score?text=good")
                assert response.status_code == 503
                assert response.headers["Retry-After"] == "5"
                for connection in (one, two):
                    connection.sendall(b".")
                assert {(await request).status_code for request in first} == {200}

    asyncio.run(main())


@pytest.mark.usefixtures("no_main_module")
def test_anyio_leaves_a_process_in_memory_whose_job_is_cancelled_while_it_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        started = []
        with CancelScope() as job:

            async def open_and_cancel(*args: Any, **options: Any) -> Any:
                started.append(await open_process(*args, **options))
                job.cancel()
                return started[0]

            monkeypatch.setattr(to_process, "open_process", open_and_cancel)
            await to_process.run_sync(os.getpid, cancellable=True)
        assert job.cancelled_caught
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await started[0].wait()
        started[0].kill()
        await started[0].wait()

    asyncio.run(main())


def test_anyio_allows_300_idle_seconds() -> None:
    assert to_process.WORKER_MAX_IDLE_TIME == 300


@pytest.mark.needs(sys.platform != "win32", "POSIX signals")
@pytest.mark.usefixtures("no_main_module")
def test_anyio_ends_an_idle_process_only_when_another_job_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(to_process, "WORKER_MAX_IDLE_TIME", 0)

    def living(processes: set[int]) -> int:
        count = 0
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, 0)
                count += 1
        return count

    async def main() -> list[int]:
        limiter = CapacityLimiter(2)

        async def job() -> int:
            return int(
                await to_process.run_sync(worker.process_id, "", limiter=limiter)
            )

        async with asyncio.timeout(PATIENCE):
            processes = set(await asyncio.gather(job(), job()))
            idle = living(processes)
            await job()
            return [idle, living(processes)]

    assert asyncio.run(main()) == [2, 1]
