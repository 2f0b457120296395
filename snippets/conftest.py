"""Fixtures and rules for the tests of the snippets."""

import asyncio
import contextlib
import difflib
import functools
import gc
import logging
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import httpcore2
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import text
from starlette.types import ASGIApp, Receive, Scope, Send

from scripts.catalogue.answers import load
from scripts.catalogue.files.problems import Problem
from scripts.releases.record import PACKAGES
from scripts.releases.since import lacking
from tests.proving.held import collected, held
from tests.proving.held import pytest_assertion_pass as pytest_assertion_pass
from tests.proving.hooks import (  # noqa: F401  # hooks of pytest
    page_of,
    pytest_make_collect_report,
    pytest_runtest_makereport,
)
from tests.proving.watching import Now, refuse
from tests.proving.watching import _watched as _watched
from tests.servers.nginx import Nginx as Nginx  # the types of the fixtures
from tests.servers.nginx import nginx  # noqa: F401  # fixtures
from tests.servers.postgresql import Database as Database
from tests.servers.postgresql import database, server  # noqa: F401
from tests.servers.processes import free_port as free_port
from tests.servers.redis import redis_server, redis_url  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent
Recorder = Callable[[str, str], None]
# How long right code may take on a busy machine before a test gives up.
PATIENCE = 120.0

# Each client that may speak TLS reads the certificates of the machine, which takes longer than most tests.
httpcore2.default_ssl_context = functools.cache(httpcore2.default_ssl_context)


@functools.cache
def installed() -> dict[str, str]:
    """Return the versions that `since` is compared with."""
    versions = {name: version(name) for name in PACKAGES}
    return versions | {"python": platform.python_version()}


@functools.cache
def since() -> dict[str, Mapping[Any, str]]:
    """Return by page what its answer needs, from the front matter."""
    return {page.file: page.meta.since for page in load().answers.values()}


class LeftOut(pytest.Module):
    """The tests of an answer that needs newer releases than the installed ones."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Skip the file as a whole: it may not even import."""
        page = page_of(self.path)
        needed = lacking(since()[page], installed())
        pytest.skip(f"{page} needs {needed}", allow_module_level=True)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Leave out the answers whose `since` is newer than what is installed."""
    if lacking(since().get(page_of(module_path), {}), installed()):
        return LeftOut.from_parent(parent, path=module_path)
    return None


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what needs newer releases, and, but for CI, what the machine lacks.

    Tests that use the same server are one group, so that one is started and not several.
    """
    collected(items)
    for item in items:
        for marker in item.iter_markers("needs"):
            condition, what = marker.args
            if not condition and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason=f"this machine lacks {what}"))
        for fixture in ("server", "redis_server"):
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(fixture))
        for marker in item.iter_markers("since"):
            if needed := lacking(marker.kwargs, installed()):
                item.add_marker(pytest.mark.skip(reason=f"needs {needed}"))


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """Leave the loggers as they were: programs set logging up for a whole process."""
    names = logging.root.manager.loggerDict
    loggers = [
        logging.root,
        *(x for x in names.values() if isinstance(x, logging.Logger)),
    ]
    before = [(x, x.level, x.disabled, x.propagate, [*x.handlers]) for x in loggers]
    yield
    for logger, level, disabled, propagate, handlers in before:
        if logger.level != level:  # each call empties the cache of every logger
            logger.setLevel(level)
        logger.disabled, logger.propagate, logger.handlers = (
            disabled,
            propagate,
            handlers,
        )


@pytest.fixture
def older() -> Callable[[str, str], bool]:
    """Return ``older(package, version)``, for tests that show both sides of a change."""
    return lambda package, version: bool(lacking({package: version}, installed()))


@pytest.fixture
def cannot_be_awaited(older: Callable[[str, str], bool]) -> Callable[[str], str]:
    """Return ``cannot_be_awaited(type)``: what Python says where a value of that type is awaited."""
    if older("python", "3.14"):
        return lambda kind: f"object {kind} can't be used in 'await' expression"
    return lambda kind: f"'{kind}' object can't be awaited"


@pytest.fixture
def recorded(request: pytest.FixtureRequest) -> Recorder:
    """Compare text with a recorded file beside the test: ``recorded("output.txt", text)``.

    With ``--record`` the file is written instead (`make record`). Pages include the recorded file, so the
    output they show is the output the code gave.
    """
    folder = request.path.parent

    def compare(name: str, text: str) -> None:
        path = folder / name
        if str(path) in Now.read:
            fault, remedy = (
                f"the test reads {name} itself",
                "Record what the code gives.",
            )
            refuse(fault, remedy, sys._getframe(1))
        if not text.strip():
            refuse(f"{name} would be empty", "Record what it prints.", sys._getframe(1))
        Now.assertions += 1
        held.add((request.path, sys._getframe(1).f_lineno))
        text = text.rstrip("\n") + "\n"
        if request.config.getoption("--record"):
            path.write_text(text, encoding="utf-8")
            return
        shown = path.read_text(encoding="utf-8") if path.exists() else ""
        Now.read.discard(str(path))
        if shown != text:
            lines = (shown.splitlines(), text.splitlines())
            difference = "\n".join(
                difflib.unified_diff(*lines, "recorded", "now", lineterm="")
            )
            name = path.relative_to(ROOT).as_posix()
            page = page_of(request.path)
            remedy = (
                f"Correct the code; or run `make record`, where {page} says so too."
            )
            problem = Problem(name, 1, "the recorded output is stale", remedy, "Code")
            pytest.fail(f"{problem}\n{difference}", pytrace=False)

    return compare


@pytest.fixture
def nothing_left() -> None:
    """Collect what earlier tests have left, so that the collector finds only what this test leaves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


@contextlib.contextmanager
def serve_in_thread(
    app: FastAPI, **options: Any
) -> Iterator[tuple[str, uvicorn.Server]]:
    """Serve ``app`` on a free port in a thread; yield its address and the server.

    The socket listens before the server runs, so nobody has to poll for readiness.
    """
    options = {"log_config": None, "loop": "asyncio", "access_log": False} | options
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, **options))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", server
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive()


@contextlib.asynccontextmanager
async def started(app: FastAPI) -> AsyncIterator[ASGIApp]:
    """Run the lifespan of ``app`` and yield it with the lifespan's state, in the running event loop."""
    lifespan = app.router.lifespan_context(app)
    state = await lifespan.__aenter__()

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state or {})}, receive, send)

    try:
        yield with_state
    finally:  # a server ends the lifespan the same way, whatever became of the requests
        await lifespan.__aexit__(None, None, None)


@contextlib.asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Run the lifespan of ``app`` and yield a client for it, both in the running event loop."""
    async with started(app) as running:
        transport = ASGITransport(running)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


def run_pytest(
    folder: Path, *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run pytest in ``folder`` as a reader does, in a process of its own, with more in its environment."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, *options],
        cwd=folder,
        env=os.environ | {"PYTEST_ADDOPTS": ""} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def outcomes(report: str) -> list[str]:
    """Return what became of each test in the report of ``pytest -v``, without how far it had got."""
    return re.findall(r"^(\S+::\S+ (?:PASSED|FAILED))", report, re.M)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 (no event tells)
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def clients_that_do_not_read(
    app: ASGIApp, path: str, clients: int
) -> AsyncIterator[int]:
    """Send as many ``GET`` requests and read no answer; yield how many answers have begun.

    That is once all have, within ``PATIENCE``; afterwards the clients leave.
    """
    begun, answering = asyncio.Semaphore(0), 0

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        begun.release()
        await asyncio.Event().wait()

    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path}
    scope |= {"query_string": b"", "headers": []}
    tasks = [
        asyncio.ensure_future(app(scope | {}, receive, send)) for _ in range(clients)
    ]
    try:
        async with asyncio.timeout(PATIENCE):
            for _ in tasks:
                await begun.acquire()
                answering += 1
        yield answering
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def limits_of_a_stop_beside_a_silent_server(
    module: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    lifespan: contextlib.AbstractAsyncContextManager[Any] | None = None,
) -> list[float]:
    """End the lifespan of a program whose only connection answers no more; return its limits, in seconds.

    The module calls ``timeout``, which is made short; without it the end would wait for the server.
    Where the module has no lifespan of its own that yields ``sessions``, ``lifespan`` does.
    """
    opened = lifespan or module.lifespan(module.app)
    limits: list[float] = []

    def short(seconds: float) -> asyncio.Timeout:
        limits.append(seconds)
        return asyncio.timeout(0.1)

    async def scenario() -> None:
        state = await opened.__aenter__()
        async with state["sessions"]() as session:
            process = await session.scalar(text("SELECT pg_backend_pid()"))
        os.kill(process, signal.SIGSTOP)
        try:
            async with asyncio.timeout(PATIENCE):
                with pytest.raises(TimeoutError):
                    await opened.__aexit__(None, None, None)
        finally:
            os.kill(process, signal.SIGCONT)

    monkeypatch.setattr(module, "timeout", short)
    asyncio.run(scenario())
    return limits


def refusal_to_start(
    monkeypatch: pytest.MonkeyPatch, app: FastAPI, name: str, value: str | None
) -> str:
    """Return why ``app`` does not start where the variable ``name`` has that value, or is absent."""
    monkeypatch.delenv(name, raising=False)
    if value is not None:
        monkeypatch.setenv(name, value)
    with pytest.raises(RuntimeError) as refusal, TestClient(app):
        pass
    return str(refusal.value)


@pytest.fixture
def serve() -> Any:
    """Return ``serve(app, **options)``: a real server, for what no test client shows.

    A context manager that gives the address and the server.
    """
    return serve_in_thread
