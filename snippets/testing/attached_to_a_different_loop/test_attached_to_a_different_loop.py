import asyncio
import importlib
import importlib.util
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from snippets.conftest import (
    limits_of_a_stop_beside_a_silent_server,
    run_pytest,
    serve_in_thread,
)
from snippets.testing.attached_to_a_different_loop import engine_of_the_lifespan

FOLDER = Path(__file__).parent
NAMES = {
    "/answer": "SQLAlchemy, asyncpg",
    "/pool": "asyncpg, its own pool",
    "/redis": "redis.asyncio",
    "/httpx2": "httpx2.AsyncClient",
    "/lock": "asyncio.Lock",
}


@pytest.fixture(scope="module")
def environment(server: Any, redis_server: int) -> Iterator[dict[str, str]]:
    """What a pytest of a reader finds in the environment."""
    service = FastAPI()

    @service.get("/")
    def read() -> str:
        return "here"

    with serve_in_thread(service) as (address, _):
        yield {
            "DATABASE_URL": server.url("postgresql+asyncpg"),
            "POSTGRESQL": server.url(),
            "REDIS_URL": f"redis://127.0.0.1:{redis_server}/0",
            "SERVICE": address,
            "COLUMNS": "2000",  # messages are shown whole
        }


def messages_of(
    folder: Path, files: dict[str, str], environment: dict[str, str], *options: str
) -> dict[str, str]:
    """Run tests in a pytest of their own; return what became of them, by file and name."""
    for name, program in files.items():
        (folder / f"test_{name}.py").write_text(program)
    names = [f"test_{name}.py" for name in files]
    result = run_pytest(folder, "-rA", "--tb=no", *options, *names, **environment)
    pattern = r"^(PASSED|FAILED|ERROR) test_(\w+\.py::\S+)(?: - (.*))?$"
    found = re.findall(pattern, result.stdout, re.M)
    return {name: shortened(message) or outcome for outcome, name, message in found}


def source(name: str) -> str:
    return (FOLDER / f"{name}.py").read_text()


def shortened(message: str) -> str:
    """A message without what differs from run to run."""
    message = re.sub(r"<Task pending .*> got", "<Task pending …> got", message)
    message = re.sub(
        r"<Future pending.*> attached", "<Future pending …> attached", message
    )
    message = message.replace("asyncpg.exceptions._base.", "")
    return re.sub(r" at 0x\w+", " at 0x…", message)


def of_file(outcomes: dict[str, str], file: str) -> list[str]:
    return [what for name, what in outcomes.items() if name.startswith(f"{file}.py")]


AT_IMPORT = source("wrong_made_at_import")
ENDPOINTS = AT_IMPORT.partition("@pytest.fixture")[0]
TEST_CLIENT = """
from fastapi.testclient import TestClient

@pytest.mark.parametrize("time", ["first", "second"])
@pytest.mark.parametrize("path", PATHS)
def test_with_a_test_client(path, time):
    assert TestClient(app).get(path).status_code == 200
"""
WITH_AND_WITHOUT = """
from fastapi.testclient import TestClient

def test_without():
    client = TestClient(app)
    client.get("/redis")
    client.get("/redis")

def test_with():
    with TestClient(app) as client:
        client.get("/httpx2")
        client.get("/httpx2")
"""
SESSION_BACKEND = AT_IMPORT.replace(
    "@pytest.fixture\n", '@pytest.fixture(scope="session")\n'
)
SESSION_FIXTURE = SESSION_BACKEND.replace(
    "@pytest.mark.parametrize",
    '@pytest.fixture(scope="session", autouse=True)\n'
    "async def one_loop(anyio_backend):\n    yield\n\n"
    "@pytest.mark.parametrize",
    1,
)


@pytest.fixture(scope="module")
def outcomes(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]
) -> dict[str, str]:
    """What became of the tests with the loops that the plugins give by default."""
    files = {
        "anyio": AT_IMPORT,
        "asyncio": AT_IMPORT.replace("mark.anyio", "mark.asyncio"),
        "client": ENDPOINTS + TEST_CLIENT,
        "with": ENDPOINTS + WITH_AND_WITHOUT,
        "backend": SESSION_BACKEND,
    }
    names = ["engine_of_the_lifespan", "wrong_event_loop_fixture", "wrong_test_client"]
    files |= {name: source(name) for name in names}
    return messages_of(tmp_path_factory.mktemp("default"), files, environment)


@pytest.fixture(scope="module")
def outcomes_of_sessions(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]
) -> dict[str, str]:
    """What became of the tests with fixtures that live as long as the session."""
    names = ["session_loop", "wrong_session_fixture", "pytest_asyncio_session_loop"]
    files = {name: source(name) for name in names} | {"fixture": SESSION_FIXTURE}
    function = source("session_loop").replace('(scope="session")\ndef', "\ndef")
    files["function"] = function
    return messages_of(tmp_path_factory.mktemp("session"), files, environment)


def test_what_was_made_at_import_works_in_the_first_test_and_fails_in_the_second(
    outcomes: dict[str, str], recorded: Any
) -> None:
    found = of_file(outcomes, "anyio")
    assert found.count("PASSED") == len(NAMES)
    lines = [
        f"{name:21}  {outcomes[f'anyio.py::test_with_an_asynchronous_client[{path}-second]']}"
        for path, name in NAMES.items()
    ]
    recorded("messages.txt", "\n".join(lines))
    assert "attached to a different loop" in lines[0]


def test_pytest_asyncio_gives_the_same_messages(outcomes: dict[str, str]) -> None:
    assert of_file(outcomes, "asyncio") == of_file(outcomes, "anyio") != []


def test_test_client_without_with_gives_the_same_messages(
    outcomes: dict[str, str],
) -> None:
    assert of_file(outcomes, "client") == of_file(outcomes, "anyio") != []


def test_one_test_with_two_requests_of_a_client_without_with_fails(
    outcomes: dict[str, str],
) -> None:
    assert outcomes["with.py::test_without"] == "RuntimeError: Event loop is closed"
    assert outcomes["with.py::test_with"] == "PASSED"


def test_a_session_backend_without_a_session_fixture_keeps_no_loop(
    outcomes: dict[str, str], outcomes_of_sessions: dict[str, str]
) -> None:
    assert of_file(outcomes, "backend") == of_file(outcomes, "anyio") != []
    assert of_file(outcomes_of_sessions, "fixture") == ["PASSED"] * 10


def test_the_tests_of_the_page_pass(
    outcomes: dict[str, str], outcomes_of_sessions: dict[str, str]
) -> None:
    assert of_file(outcomes, "engine_of_the_lifespan") == ["PASSED"] * 2
    assert of_file(outcomes_of_sessions, "session_loop") == ["PASSED"] * 2


def test_with_asyncpg_a_silent_server_holds_the_stop_for_five_seconds(
    database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url("postgresql+asyncpg"))

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[dict[str, Any]]:
        app = engine_of_the_lifespan.app
        async with engine_of_the_lifespan.lifespan(app):
            yield {"sessions": app.state.engine.connect}

    assert limits_of_a_stop_beside_a_silent_server(
        engine_of_the_lifespan, monkeypatch, lifespan()
    ) == [5]


def test_a_session_fixture_needs_a_session_backend(
    outcomes_of_sessions: dict[str, str],
) -> None:
    found = of_file(outcomes_of_sessions, "function")
    assert len(found) == 2
    assert all("ScopeMismatch" in message for message in found)


def test_a_session_fixture_of_pytest_asyncio_runs_in_another_loop_than_the_test(
    outcomes_of_sessions: dict[str, str],
) -> None:
    (message,) = of_file(outcomes_of_sessions, "wrong_session_fixture")
    assert "attached to a different loop" in message
    found = of_file(outcomes_of_sessions, "pytest_asyncio_session_loop")
    assert found == ["PASSED"]


def test_two_settings_of_pytest_asyncio_keep_one_loop(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    files = {
        "fixture": source("wrong_session_fixture"),
        "at_import": AT_IMPORT.replace("mark.anyio", "mark.asyncio"),
    }
    settings = [
        "-o",
        "asyncio_default_fixture_loop_scope=session",
        "-o",
        "asyncio_default_test_loop_scope=session",
    ]
    found = messages_of(tmp_path, files, environment, *settings)
    assert list(found.values()) == ["PASSED"] * 11


def test_pytest_asyncio_ignores_a_fixture_named_event_loop(
    outcomes: dict[str, str],
) -> None:
    assert of_file(outcomes, "wrong_event_loop_fixture") == ["PASSED"] * 3


def test_a_test_client_in_an_async_test_has_another_loop_than_its_fixtures(
    outcomes: dict[str, str],
) -> None:
    (message,) = of_file(outcomes, "wrong_test_client")
    assert "attached to a different loop" in message


def test_in_auto_mode_the_plugins_give_fixture_and_test_two_loops(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    program = source("engine_of_the_lifespan")
    used = "        await client.get('/answer')\n        yield client"
    program = program.replace("        yield client", used)
    alone = program.replace("@pytest.mark.anyio\n", "")
    alone = alone.replace("client(anyio_backend: str)", "client()")
    files = {"both": program, "alone": alone}
    found = messages_of(tmp_path, files, environment, "-o", "asyncio_mode=auto")
    both = of_file(found, "both")
    assert len(both) == 2
    assert "attached to a different loop" in both[0]
    assert of_file(found, "alone") == ["PASSED"] * 2


STACK = """
import traceback

import pytest

def runs_in(plugin):
    return any(f"/{plugin}/" in frame.filename for frame in traceback.extract_stack())

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.fixture
async def value():
    assert runs_in("anyio")

@pytest.mark.anyio
async def test_with_the_mark_of_anyio(anyio_backend, value):
    assert runs_in("pytest_asyncio")
    assert not runs_in("anyio")
"""


def test_in_auto_mode_pytest_asyncio_runs_a_test_with_the_mark_of_anyio(
    tmp_path: Path,
) -> None:
    auto = ("-o", "asyncio_mode=auto")
    found = messages_of(tmp_path, {"stack": STACK}, {"COLUMNS": "2000"}, *auto)
    assert found == {"stack.py::test_with_the_mark_of_anyio": "PASSED"}


def test_a_session_fixture_with_the_loop_of_a_function_is_a_scope_mismatch(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    files = {"session": source("wrong_session_fixture")}
    setting = "asyncio_default_fixture_loop_scope=function"
    found = messages_of(tmp_path, files, environment, "-o", setting)
    (message,) = of_file(found, "session")
    assert "ScopeMismatch" in message


async def answer(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(text("SELECT 42"))).scalar_one())


def load(name: str) -> ModuleType:
    """Run the module, beside one that was imported before."""
    spec = importlib.util.find_spec(f"{__package__}.{name}")
    assert spec
    assert spec.loader
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    return fresh


def test_outside_of_pytest_the_engine_keeps_its_pool(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://localhost/shop_test")
    assert isinstance(load("null_pool").engine.pool, NullPool)
    monkeypatch.delenv("PYTEST_VERSION")
    assert isinstance(load("null_pool").engine.pool, AsyncAdaptedQueuePool)


def test_without_an_address_the_engine_is_not_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(KeyError, match="DATABASE_URL"):
        load("null_pool")


def test_two_tasks_on_one_connection_give_one_of_the_messages_too(
    database: Any,
) -> None:
    async def scene() -> list[Any]:
        asyncpg = importlib.import_module("asyncpg")  # which has no types
        connection = await asyncpg.connect(database.url())
        try:
            calls = (connection.fetchval("SELECT 42") for _ in range(2))
            return await asyncio.gather(*calls, return_exceptions=True)
        finally:
            await connection.close()

    answer, error = asyncio.run(scene())
    assert answer == 42
    assert "another operation is in progress" in str(error)


def test_an_engine_with_a_null_pool_works_in_each_loop(
    database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url("postgresql+asyncpg"))
    engine = load("null_pool").engine
    for _ in range(2):
        assert asyncio.run(answer(engine)) == 42
    assert database.connections() == 0


def test_a_disposed_engine_works_in_the_next_loop(database: Any) -> None:
    engine = create_async_engine(database.url("postgresql+asyncpg"))

    async def use() -> int:
        try:
            return await answer(engine)
        finally:
            await engine.dispose()

    assert [asyncio.run(use()) for _ in range(2)] == [42, 42]


def test_each_with_block_of_a_test_client_has_a_loop_of_its_own() -> None:
    app = FastAPI()
    loops = []

    @app.get("/")
    async def read() -> None:
        loops.append(asyncio.get_running_loop())

    for _ in range(2):
        with TestClient(app) as client:
            client.get("/")
            client.get("/")
    assert loops[0] is loops[1]
    assert loops[1] is not loops[2]


def test_a_connection_of_psycopg_moves_between_loops(database: Any) -> None:
    engine = create_async_engine(database.url("postgresql+psycopg"))

    async def process() -> int:
        async with engine.connect() as connection:
            query = text("SELECT pg_backend_pid()")
            return int((await connection.execute(query)).scalar_one())

    assert asyncio.run(process()) == asyncio.run(process())
    asyncio.run(engine.dispose())


def test_a_synchronous_engine_has_no_loop(database: Any) -> None:
    engine = create_engine(database.url("postgresql+psycopg"))
    app = FastAPI()

    @app.get("/")
    def read() -> int:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT 42")).scalar_one())

    for _ in range(2):
        assert TestClient(app).get("/").json() == 42
    engine.dispose()


def test_a_lock_that_nobody_waits_for_works_in_several_loops() -> None:
    lock = asyncio.Lock()

    async def alone() -> bool:
        async with lock:
            return True

    assert [asyncio.run(alone()) for _ in range(2)] == [True, True]
