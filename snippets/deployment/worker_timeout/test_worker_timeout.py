import asyncio
import contextlib
import importlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from uvicorn.supervisors.multiprocess import Process

from snippets.conftest import free_port
from snippets.deployment.worker_timeout import report

HERE = Path(__file__).parent
FOLDER = "snippets.deployment.worker_timeout"
PATIENCE = 120.0  # how long right code may take on a busy machine
SHORT = "3"  # seconds, where it does no harm that a busy worker is killed
LIMIT = "8"  # seconds: longer than a worker takes to import FastAPI
GUNICORN = ("gunicorn", "main:app", "-k", "uvicorn_worker.UvicornWorker")


class Server:
    """A program of the page as ``main.py``, served by a command of its own."""

    port: int

    def __init__(self, folder: Path, snippet: str, *command: str) -> None:
        shutil.copy(HERE / snippet, folder / "main.py")
        self.log = folder / "log.txt"
        with self.log.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=folder,
                stdout=file,
                stderr=file,
                env={**os.environ, "HOME": str(folder), "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )

    def wait_for(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if match := re.search(pattern, self.log.read_text()):
                return match
            time.sleep(0.02)
        raise AssertionError(f"{pattern} is not in: {self.log.read_text()}")

    def ask(self, path: str) -> socket.socket:
        """Send a request, and leave the connection open."""
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        return sock

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    with contextlib.ExitStack() as stack:

        def gunicorn(snippet: str, *options: str) -> Server:
            port = free_port()
            bind = ("-b", f"127.0.0.1:{port}")
            server = Server(tmp_path, snippet, *GUNICORN, *bind, *options)
            server.port = port
            stack.callback(server.end)
            return server

        yield gunicorn


# --- Gunicorn


def test_a_blocked_event_loop_is_killed_with_all_the_requests_of_the_worker(
    start: Any, recorded: Any
) -> None:
    server = start("wrong_report.py", "--timeout", LIMIT)
    pid = server.wait_for(r"Started server process \[(\d+)\]")[1]
    server.wait_for("Application startup complete")
    with server.ask("/wait") as innocent, server.ask("/report") as guilty:
        server.wait_for(rf"WORKER TIMEOUT \(pid:{pid}\)[\s\S]*Booting worker")
        assert guilty.recv(100) == innocent.recv(100) == b""  # closed, no answer
    log = server.log.read_text()
    shown = re.search(r".*WORKER TIMEOUT.*\n[\s\S]*?Booting worker.*", log)
    assert shown
    lines = re.findall(r"^\[\d{4}-.*$", shown[0], re.M)
    # When Gunicorn opens its control socket depends on how busy the machine is.
    lines = [line for line in lines if "Control socket" not in line]
    text = re.sub(r"\[[\d -]+[\d:]+ \+0000\] \[\d+\] ", "", "\n".join(lines))
    text = text.replace(pid, "4711")
    recorded("timeout.txt", re.sub(r"pid: \d+", "pid: 4720", text))
    stack = re.search(r"Fatal Python error: Aborted\n[\s\S]*?in report\n", log)
    assert stack
    lines = [line for line in stack[0].splitlines() if "main.py" in line]
    said = "\n".join(["Fatal Python error: Aborted", *lines])
    recorded("stack.txt", re.sub(r'"\S*/main.py"', '"main.py"', said))


def test_a_worker_is_not_killed_before_it_has_told_once_that_it_lives() -> None:
    config = importlib.import_module("gunicorn.config").Config()
    tmp = importlib.import_module("gunicorn.workers.workertmp").WorkerTmp(config)
    try:
        assert time.monotonic() - tmp.last_update() < 0  # less than any limit
        tmp.notify()
        assert 0 <= time.monotonic() - tmp.last_update() < PATIENCE
    finally:
        tmp.close()


def test_the_worker_tells_that_it_lives_twice_in_each_timeout(
    start: Any, tmp_path: Path
) -> None:
    hook = "def post_fork(server, worker):\n    worker.log.info('every %s s', "
    (tmp_path / "gunicorn.conf.py").write_text(f"{hook}worker.config.timeout_notify)\n")
    server = start("report.py", "--timeout", "30")
    assert server.wait_for(r"every (\S+) s")[1] == "15.0"


def test_a_sign_may_come_up_to_a_second_after_half_of_the_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Uvicorn looks once a second, so with --timeout 31 a block of 15 seconds can be enough.
    now = 0.0
    signs: list[float] = []

    async def notify() -> None:
        signs.append(now)

    options: dict[str, Any] = {"callback_notify": notify, "timeout_notify": 31 / 2}
    config = uvicorn.Config(report.app, log_config=None, **options)
    server = uvicorn.Server(config)
    clock = SimpleNamespace(time=lambda: now)
    monkeypatch.setattr("uvicorn.server.time", clock)

    async def main() -> None:
        nonlocal now
        for tick in range(500):
            now = 1000 + tick / 10
            await server.on_tick(tick)

    asyncio.run(main())
    assert [after - before for before, after in pairwise(signs)] == [16, 16, 16]


def test_a_startup_that_takes_longer_than_the_limit_is_not_killed(
    start: Any, tmp_path: Path
) -> None:
    slow = LIFESPAN.replace("faulthandler.enable()", f"time.sleep({SHORT} * 2)")
    source = (HERE / "report.py").read_text()
    source = source.replace("app = FastAPI()", slow.lstrip())
    (tmp_path / "slow.py").write_text(source)
    server = start(tmp_path / "slow.py", "--timeout", SHORT)
    log = server.wait_for(r"Waiting for application startup[\s\S]*startup complete")[0]
    assert "WORKER TIMEOUT" not in log


def test_a_worker_that_reached_its_max_requests_is_killed_while_a_request_awaits(
    start: Any,
) -> None:
    server = start("wrong_report.py", "--timeout", SHORT, "--max-requests", "1")
    pid = server.wait_for(r"Started server process \[(\d+)\]")[1]
    server.wait_for("Application startup complete")
    with server.ask("/wait") as innocent, server.ask("/docs"):
        server.wait_for(rf"Maximum request limit[\s\S]*WORKER TIMEOUT \(pid:{pid}\)")
        assert innocent.recv(100) == b""


def test_after_a_reload_the_limit_ends_the_last_requests_of_the_old_worker(
    start: Any,
) -> None:
    options = ("--timeout", LIMIT, "--graceful-timeout", "1")
    server = start("wrong_report.py", *options)
    pid = server.wait_for(r"Started server process \[(\d+)\]")[1]
    server.wait_for("Application startup complete")
    with server.ask("/wait") as last:
        server.wait_for("a request waits")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for(rf"Hang up[\s\S]*WORKER TIMEOUT \(pid:{pid}\)")
        assert last.recv(100) == b""


def test_gunicorn_stops_after_the_graceful_timeout(start: Any) -> None:
    options = ("--timeout", "600", "--graceful-timeout", "1")
    server = start("wrong_report.py", *options)
    server.wait_for("Application startup complete")
    with server.ask("/wait") as last:
        server.wait_for("a request waits")
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(PATIENCE)
        assert last.recv(100) == b""


def test_gunicorn_that_stops_kills_workers_with_the_line_about_memory(
    start: Any,
) -> None:
    options = ("--timeout", "600", "--graceful-timeout", "1")
    server = start("wrong_report.py", *options)
    server.wait_for("Application startup complete")
    with server.ask("/wait"):
        server.wait_for("a request waits")
        server.process.send_signal(signal.SIGQUIT)
        server.process.wait(PATIENCE)
    said = server.log.read_text()
    assert "was sent SIGKILL! Perhaps out of memory?" in said
    assert "WORKER TIMEOUT" not in said


LIFESPAN = """
from contextlib import asynccontextmanager

@asynccontextmanager
async def lifespan(app):
    faulthandler.enable()
    yield

app = FastAPI(lifespan=lifespan)"""


@pytest.mark.parametrize("where", ["module", "lifespan"])
def test_with_preload_only_a_faulthandler_of_the_lifespan_prints(
    start: Any, tmp_path: Path, where: str
) -> None:
    if where == "lifespan":
        source = (HERE / "wrong_report.py").read_text()
        source = source.replace("faulthandler.enable()\napp = FastAPI()", LIFESPAN)
        (tmp_path / "preloaded.py").write_text(source)
    options = ("--timeout", SHORT, "--preload")
    server = start(
        tmp_path / "preloaded.py" if where == "lifespan" else "wrong_report.py",
        *options,
    )
    server.wait_for("Application startup complete")
    with server.ask("/report"):
        server.wait_for(r"WORKER TIMEOUT[\s\S]*was sent SIGABRT")
    printed = "in rows_of_the_year" in server.log.read_text()
    assert printed == (where == "lifespan")


def test_a_worker_that_the_kernel_kills_looks_different(
    start: Any, recorded: Any
) -> None:
    server = start("report.py", "--timeout", "0")
    pid = server.wait_for(r"Started server process \[(\d+)\]")[1]
    os.kill(int(pid), signal.SIGKILL)
    line = server.wait_for(r"\[ERROR\] Worker \(pid:\d+\) was sent SIGKILL.*")[0]
    recorded("memory.txt", line.replace(pid, "4711"))
    server.wait_for(r"Booting worker[\s\S]*Booting worker")


def notified(app: FastAPI, path: str, seen: threading.Event) -> Any:
    """Ask a Uvicorn that tells its parent that it lives, as Gunicorn's worker has it."""

    async def notify() -> None:
        seen.set()

    config = uvicorn.Config(
        app, port=0, log_config=None, callback_notify=notify, timeout_notify=0
    )
    server = uvicorn.Server(config)

    async def main() -> Any:
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx2.AsyncClient(timeout=PATIENCE) as client:
            seen.clear()
            answer = await client.get(f"http://127.0.0.1:{port}{path}")
        server.should_exit = True
        await task
        return answer.json()

    return asyncio.run(main())


def test_a_long_await_and_a_long_def_leave_the_worker_its_signs_unless_it_holds_the_gil() -> (
    None
):
    seen = threading.Event()
    app = FastAPI()

    @app.get("/async")
    async def awaits() -> bool:
        seen.clear()
        async with asyncio.timeout(PATIENCE):
            while not seen.is_set():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return True

    @app.get("/def")
    def in_a_thread() -> bool:
        seen.clear()
        return seen.wait(PATIENCE)

    @app.get("/blocks")
    async def blocks() -> bool:
        seen.clear()
        return seen.wait(1)

    @app.get("/gil")
    def holds_the_gil() -> bool:
        # The thread may lose its turn once, before the call; it ends after a second.
        signs = []
        for _ in range(2):
            seen.clear()
            re.match(r"(a+)+$", "a" * 24 + "b")
            signs.append(seen.is_set())
        return all(signs)

    assert notified(app, "/async", seen)
    assert not notified(app, "/gil", seen)
    assert notified(app, "/def", seen)
    assert not notified(app, "/blocks", seen)


@pytest.mark.parametrize("name", ["gunicorn.sh", "wrong_timeout.sh"])
def test_gunicorn_takes_the_commands_of_the_page(tmp_path: Path, name: str) -> None:
    shutil.copy(HERE / "report.py", tmp_path / "main.py")
    match = re.search(r"^gunicorn (.*)$", (HERE / name).read_text(), re.M)
    assert match
    command = [sys.executable, "-m", "gunicorn", *match[1].split(), "--print-config"]
    said = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    wanted = "0" if name == "wrong_timeout.sh" else "30"
    assert re.search(rf"^timeout\s+= {wanted}$", said.stdout, re.M)


# --- The programs of the page


def test_the_report_runs_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    quick = lambda seconds: threads.append(threading.current_thread())  # noqa: E731
    monkeypatch.setattr("time.sleep", quick)
    assert TestClient(report.app).get("/report").json() == 12
    assert "AnyIO worker thread" in threads[0].name


# --- Uvicorn


def test_uvicorn_workers_is_deprecated_and_says_so_only_if_warnings_are_asked_for(
    recorded: Any,
) -> None:
    def imported(*options: str) -> str:
        command = [sys.executable, *options, "-c", "import uvicorn.workers"]
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONWARNINGS"}
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        )
        return result.stderr

    assert imported() == ""
    said = imported("-W", "default")
    match = re.search(r"DeprecationWarning: .*", said)
    assert match
    recorded("deprecated.txt", match[0])


@pytest.mark.since(uvicorn="0.51.0")
def test_the_health_check_of_uvicorn_does_not_see_a_blocked_event_loop() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        config = uvicorn.Config(f"{FOLDER}.wrong_report:app", log_level="critical")
        process = Process(config, [listener])
        process.start()
        try:
            assert process.wait_until_ready(PATIENCE)
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"GET /report HTTP/1.1\r\nHost: test\r\n\r\n")
                assert process.ping(PATIENCE)
                with socket.create_connection(("127.0.0.1", port)) as other:
                    other.sendall(b"GET /docs HTTP/1.1\r\nHost: test\r\n\r\n")
                    other.settimeout(1)
                    with pytest.raises(TimeoutError):
                        other.recv(100)
                assert process.ping(PATIENCE)
        finally:
            process.kill()
            process.join()


def test_a_worker_that_does_not_answer_the_health_check_is_replaced(
    tmp_path: Path,
) -> None:
    server = Server(
        tmp_path,
        "report.py",
        "uvicorn",
        "main:app",
        "--workers",
        "2",
        "--port",
        "0",
        "--timeout-worker-healthcheck",
        "5",
    )
    try:
        server.wait_for(r"startup complete[\s\S]*startup complete")
        pid = server.wait_for(r"Started server process \[(\d+)\]")[1]
        os.kill(int(pid), signal.SIGSTOP)
        server.wait_for(rf"Child process \[{pid}\] died[\s\S]*Started server process")
        assert server.process.poll() is None
    finally:
        server.end()


@pytest.mark.since(uvicorn="0.50.0")  # before, the parent started it again and again
def test_a_worker_whose_successor_fails_in_its_lifespan_ends_the_server_with_0(
    tmp_path: Path,
) -> None:
    source = """
    import os
    async def app(scope, receive, send):
        if os.path.exists("down"): raise LookupError
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
    """
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(source))
    options = ("--workers", "2", "--port", "0", "--lifespan", "on")
    server = Server(tmp_path, str(program), "uvicorn", "main:app", *options)
    try:
        server.wait_for(r"startup complete[\s\S]*startup complete")
        pid = server.wait_for(r"Started server process \[(\d+)\]")[1]
        (tmp_path / "down").touch()
        os.kill(int(pid), signal.SIGKILL)
        server.wait_for("failed to start, stopping the parent process")
        assert server.process.wait(PATIENCE) == 0
    finally:
        server.end()
