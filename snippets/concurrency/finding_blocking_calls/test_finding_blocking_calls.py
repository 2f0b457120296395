import asyncio
import contextlib
import ctypes
import importlib
import logging
import os
import re
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx2
import pytest
import uvicorn
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request
from uvicorn.main import main as uvicorn_command

from snippets.concurrency.finding_blocking_calls import (
    debug_mode,
    loop_lag,
    watchdog_thread,
    wrong_watchdog_on_the_loop,
)

HERE = Path(__file__).parent
PATIENCE = 30.0
LOOPS = [
    "asyncio",
    pytest.param("uvloop", marks=pytest.mark.needs(sys.platform != "win32", "uvloop")),
]


class Clock:
    """Lets ``time.sleep`` of a module move the loop's clock instead of waiting."""

    def __init__(self, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.slept = 0.0
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=self.sleep))

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def install(self) -> None:
        loop = asyncio.get_running_loop()
        real = loop.time
        self.monkeypatch.setattr(loop, "time", lambda: real() + self.slept)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of the application, between its start and its end."""
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://test"
        ) as client,
    ):
        await asyncio.sleep(0)  # the tasks of the lifespan begin
        yield client


@contextmanager
def listening(name: str, hear: Callable[[logging.LogRecord], None]) -> Iterator[None]:
    """Call ``hear`` with every record of a logger."""

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            hear(record)

    handler = Handler()
    logger = logging.getLogger(name)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


# Ruff


def ruff_check(*arguments: str, code: str = "") -> str:
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache"]
    return subprocess.run(
        [*command, "--output-format=concise", *arguments],
        cwd=HERE,
        env={**os.environ, "NO_COLOR": "1"},
        input=code,
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def test_ruff_reports_the_call_in_the_body_and_not_the_one_in_the_helper(
    recorded: Any,
) -> None:
    output = ruff_check("--select=ASYNC", "wrong_two_blocking_calls.py")
    recorded("ruff.txt", output)
    assert output.count("ASYNC251") == 1


KNOWN = {
    "requests.get('https://a.example')": "ASYNC210",
    "client = httpx.Client(); client.get('https://a.example')": "ASYNC212",
    "subprocess.Popen(['ls'])": "ASYNC220",
    "subprocess.run(['ls'])": "ASYNC221",
    "open('a.txt')": "ASYNC230",
    "pathlib.Path('a.txt').read_text()": "ASYNC240",
    "time.sleep(1)": "ASYNC251",
}
UNKNOWN = [
    "requests.Session().get('https://a.example')",
    "httpx2.get('https://a.example')",
    "psycopg.connect('dbname=a').execute('select 1')",
    "boto3.client('s3').list_buckets()",
    "hashlib.scrypt(b'', salt=b'', n=2**20, r=8, p=1)",
    "sum(range(10**9))",
]
IMPORTS = (
    "import boto3, hashlib, httpx, httpx2, pathlib, psycopg, requests, subprocess, time"
)


def in_async_functions(calls: Iterable[str]) -> str:
    return "\n".join([IMPORTS, *(f"async def f():\n    {call}" for call in calls)])


def test_ruff_knows_http_functions_subprocesses_files_and_sleep() -> None:
    output = ruff_check("--select=ASYNC", "-", code=in_async_functions(KNOWN))
    assert re.findall(r"ASYNC\d+", output) == list(KNOWN.values())


def test_the_default_rules_of_ruff_leave_out_httpx_client_and_pathlib() -> None:
    output = ruff_check("-", code=in_async_functions(KNOWN))
    reported = re.findall(r"ASYNC\d+", output)
    assert {*KNOWN.values()} - {*reported} == {"ASYNC212", "ASYNC240"}


def test_extend_select_keeps_the_default_rules_and_select_replaces_them() -> None:
    code = in_async_functions(KNOWN) + "\nprint(undefined)"
    extended, selected = (
        ruff_check("--config", f'lint.{option} = ["ASYNC"]', "-", code=code)
        for option in ("extend-select", "select")
    )
    assert {*KNOWN.values(), "F821"} <= {*re.findall(r"[A-Z]+\d+", extended)}
    assert {*re.findall(r"[A-Z]+\d+", selected)} == {*KNOWN.values()}


def test_ruff_knows_no_session_no_httpx2_no_driver_no_sdk_and_no_computation() -> None:
    output = ruff_check("--select=ASYNC", "-", code=in_async_functions(UNKNOWN))
    assert "All checks passed!" in output


# Debug mode


def answer_of_uvicorn(app: FastAPI, path: str) -> None:
    """Ask a real server, on the loopback interface."""

    async def main() -> None:
        config = uvicorn.Config(app, log_config=None, http="h11")
        server = uvicorn.Server(config)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()  # the request waits here until the server has started
            port = listener.getsockname()[1]
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            async with httpx2.AsyncClient(timeout=None) as client:
                response = await client.get(f"http://127.0.0.1:{port}{path}")
            assert response.status_code == 200
            server.should_exit = True
            await serving

    asyncio.run(main())


def duration(record: logging.LogRecord) -> float:
    [seconds] = re.findall(r"took ([\d.]+) seconds", record.getMessage())
    return float(seconds)


def test_debug_mode_logs_the_slow_step_of_uvicorns_task(
    recorded: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(debug_mode, monkeypatch)

    @asynccontextmanager
    async def lifespan_with_clock(app: FastAPI) -> AsyncIterator[None]:
        clock.install()
        async with debug_mode.lifespan(app):
            yield

    monkeypatch.setattr(debug_mode.app.router, "lifespan_context", lifespan_with_clock)
    answer_of_uvicorn(debug_mode.app, "/report")
    steps = [r for r in caplog.records if "run_asgi" in r.getMessage()]
    record = max(steps, key=duration)
    assert duration(record) >= 5
    assert (record.name, record.levelname) == ("asyncio", "WARNING")
    message = record.getMessage()
    assert "fetch_report" not in message
    assert "/report" not in message
    message = re.sub(r"/\S*/(uvicorn/\S+?):\d+", r"…/\1:N", message)
    message = re.sub(r"Task-\d+", "Task-5", message)
    message = re.sub(r"took [\d.]+", "took 5.003", message)
    wrapped = textwrap.fill(message, 72, break_long_words=False, break_on_hyphens=False)
    recorded("slow_step.txt", wrapped)


def test_behind_a_function_middleware_the_slow_step_is_one_of_a_task_of_starlette(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(debug_mode, monkeypatch)

    async def main() -> None:
        app = FastAPI()
        app.add_api_route("/report", debug_mode.report)

        @app.middleware("http")
        async def middleware(request: Request, call_next: Any) -> Any:
            return await call_next(request)

        clock.install()
        async with debug_mode.lifespan(app), running(app) as client:
            await client.get("/report")

    asyncio.run(main())
    steps = [r for r in caplog.records if "took" in r.getMessage()]
    message = max(steps, key=duration).getMessage()
    assert "name='starlette.middleware.base.BaseHTTPMiddleware" in message
    assert "fetch_report" not in message


@pytest.mark.parametrize("kind", LOOPS)
def test_both_loops_log_a_slow_step_in_debug_mode(
    kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    factory = asyncio.new_event_loop
    if kind == "uvloop":
        factory = importlib.import_module(kind).new_event_loop
    block = threading.Event().wait  # uvloop reads the clock of the system
    monkeypatch.setattr(
        debug_mode, "time", SimpleNamespace(sleep=lambda seconds: block(0.02))
    )

    async def main() -> None:
        async with running(debug_mode.app) as client:
            asyncio.get_running_loop().slow_callback_duration = 0.01
            await client.get("/report")

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())
    assert re.search(r"Executing <.*> took \d+\.\d+ seconds", caplog.text)


def debug_mode_under_uvicorn(loop: str, **options: Any) -> bool:
    """Return the debug mode of the loop that uvicorn makes, without opening a socket."""
    seen: list[bool] = []

    async def stop_at_start(scope: Any, receive: Any, send: Any) -> None:
        seen.append(asyncio.get_running_loop().get_debug())
        await receive()
        await send({"type": "lifespan.startup.failed", "message": ""})

    config = uvicorn.Config(stop_at_start, loop=loop, log_config=None, **options)
    with contextlib.suppress(SystemExit):  # newer releases exit
        uvicorn.Server(config).run()
    return seen[0]


@pytest.mark.parametrize("loop", LOOPS)
def test_under_uvicorn_the_environment_variable_counts_from_python_3_12_on(
    loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    assert debug_mode_under_uvicorn(loop) is (sys.version_info >= (3, 12))


def test_without_uvicorn_the_environment_variable_counts_on_every_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")

    async def main() -> bool:
        return asyncio.get_running_loop().get_debug()

    assert asyncio.run(main()) is True


def test_uvicorn_has_no_option_for_debug_mode_and_log_level_is_none() -> None:
    options = [option.name for option in uvicorn_command.params]
    assert "log_level" in options
    assert not [name for name in options if name and "debug" in name]
    assert debug_mode_under_uvicorn("asyncio", log_level="debug") is False


def test_debug_of_fastapi_is_not_the_debug_mode_of_the_loop() -> None:
    async def main() -> bool:
        async with running(FastAPI(debug=True)):
            return asyncio.get_running_loop().get_debug()

    assert asyncio.run(main()) is False


# The watchdog


def test_the_watchdog_thread_logs_the_blocking_line_while_it_blocks(
    recorded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog_thread, "LIMIT", 0.01)
    blocked = threading.Lock()  # its acquire is written in C, as time.sleep is
    blocked.acquire()
    monkeypatch.setattr(watchdog_thread, "time", SimpleNamespace(sleep=blocked.acquire))
    reports: list[str] = []

    def hear(record: logging.LogRecord) -> None:
        if "fetch_report" in record.getMessage() and not reports:
            reports.append(record.getMessage())
            blocked.release()

    async def main() -> None:
        async with running(watchdog_thread.app) as client:
            assert (await client.get("/report")).json() == {"rows": 3}

    rescue = threading.Timer(PATIENCE, blocked.release)
    rescue.start()
    with listening("app.loop", hear):
        asyncio.run(main())
    rescue.cancel()
    rescue.join()
    assert reports
    first, *frames = re.split(r"\n(?=  File )", reports[0].rstrip())
    shown = re.sub(r'"/.*/', '"…/', "\n".join(frames[-2:]))
    recorded("stack.txt", f"{first}\n  …\n{shown}")


@pytest.mark.needs(sys.platform != "win32", "usleep of POSIX")
def test_the_watchdog_thread_is_silent_while_c_code_holds_the_gil(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watchdog_thread, "LIMIT", 0.01)
    usleep = ctypes.PyDLL(None).usleep  # PyDLL keeps the GIL during the call
    began: list[float] = []

    def hold_the_gil(seconds: float) -> None:
        began.append(time.monotonic())
        usleep(200_000)

    monkeypatch.setattr(watchdog_thread, "time", SimpleNamespace(sleep=hold_the_gil))
    reports: list[float] = []

    async def main() -> None:
        async with running(watchdog_thread.app) as client:
            await client.get("/report")

    with listening("app.loop", lambda _: reports.append(time.monotonic())):
        asyncio.run(main())
    assert not [at for at in reports if 0.001 < at - began[0] < 0.2]


def test_a_watchdog_on_the_loop_reports_afterwards_and_shows_only_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wrong_watchdog_on_the_loop, "LIMIT", 0.5)
    clock = Clock(wrong_watchdog_on_the_loop, monkeypatch)
    reports: list[tuple[float, str]] = []

    async def main() -> None:
        clock.install()
        reported = asyncio.Event()

        def hear(record: logging.LogRecord) -> None:
            reports.append((clock.slept, record.getMessage()))
            reported.set()

        with listening("app.loop", hear):
            async with running(wrong_watchdog_on_the_loop.app) as client:
                await client.get("/report")
                await asyncio.wait_for(reported.wait(), PATIENCE)

    asyncio.run(main())
    slept, stack = reports[0]
    assert slept == 5
    assert "in watchdog" in stack
    assert "fetch_report" not in stack


# The lag


def test_the_heartbeat_logs_how_late_it_woke_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop_lag, "INTERVAL", 0.01)
    clock = Clock(loop_lag, monkeypatch)
    lags: list[float] = []

    async def main() -> None:
        clock.install()
        reported = asyncio.Event()

        def hear(record: logging.LogRecord) -> None:
            assert isinstance(record.args, tuple)
            [lag] = record.args
            assert isinstance(lag, float)
            if lag > 4:
                lags.append(lag)
                reported.set()

        with listening("app.loop", hear):
            async with running(loop_lag.app) as client:
                await client.get("/report")
                await asyncio.wait_for(reported.wait(), PATIENCE)

    asyncio.run(main())
    assert lags[0] >= 5 - 0.01  # the block of 5 s, less at most one interval


# Which of the two queues is it?


def test_a_full_thread_pool_delays_def_and_not_async_def() -> None:
    app = FastAPI()
    release = threading.Event()
    finished: list[str] = []

    @app.get("/def")
    def waits() -> None:
        release.wait(PATIENCE)

    @app.get("/async")
    async def answers() -> None: ...

    async def main() -> None:
        current_default_thread_limiter().total_tokens = 1

        async def get(client: httpx2.AsyncClient, path: str) -> None:
            await client.get(path)
            finished.append(path)

        async with running(app) as client, asyncio.TaskGroup() as group:
            group.create_task(get(client, "/def"))
            group.create_task(get(client, "/def"))
            await get(client, "/async")
            release.set()

    asyncio.run(main())
    assert finished == ["/async", "/def", "/def"]


def test_def_endpoints_that_wait_do_not_delay_another_while_the_pool_has_threads() -> (
    None
):
    app = FastAPI()
    release = threading.Event()
    finished: list[str] = []

    @app.get("/waits")
    def waits() -> None:
        release.wait(PATIENCE)

    @app.get("/constant")
    def constant() -> None: ...

    async def main() -> None:
        async def get(client: httpx2.AsyncClient, path: str) -> None:
            await client.get(path)
            finished.append(path)

        async with running(app) as client, asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(get(client, "/waits"))
            await get(client, "/constant")
            release.set()

    asyncio.run(main())
    assert finished[0] == "/constant"
