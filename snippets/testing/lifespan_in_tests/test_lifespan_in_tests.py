import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient

from snippets.conftest import outcomes, run_pytest
from snippets.testing.lifespan_in_tests import (
    async_lifespan_test,
    lifespan_test,
    wrong_client_without_with,
)
from snippets.testing.lifespan_in_tests.lifespan_test import app, events

FOLDER = Path(__file__).parent


@pytest.fixture(autouse=True)
def fresh_application() -> Iterator[None]:
    events.clear()
    app.state._state.clear()
    async_lifespan_test.app.state._state.clear()
    yield
    app.state._state.clear()


def report_of_pytest(folder: Path, snippet: str, name: str) -> str:
    """Run the tests of a snippet in a pytest of their own, as a reader does."""
    shutil.copy(FOLDER / snippet, folder / name)
    return run_pytest(folder, "-v", name).stdout


def test_the_tests_of_the_page_pass(tmp_path: Path, recorded: Any) -> None:
    report = report_of_pytest(tmp_path, "lifespan_test.py", "test_items.py")
    recorded("passed.txt", "\n".join(outcomes(report)))
    assert "2 passed" in report


def test_the_asynchronous_test_of_the_page_passes(tmp_path: Path) -> None:
    report = report_of_pytest(tmp_path, "async_lifespan_test.py", "test_async.py")
    assert "1 passed" in report


def test_without_with_the_lifespan_does_not_run() -> None:
    with pytest.raises(AttributeError, match="'State' object has no attribute 'names'"):
        wrong_client_without_with.test_an_item_is_read()
    assert events == []


def test_with_runs_the_start_before_and_the_stop_after_the_requests() -> None:
    with TestClient(app) as client:
        lifespan_test.test_an_item_is_read(client)
        assert events == ["startup"]
    assert events == ["startup", "shutdown"]


def test_an_asgi_transport_does_not_run_the_lifespan() -> None:
    async def request() -> None:
        transport = ASGITransport(app)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            await client.get("/items/1")

    with pytest.raises(AttributeError, match="'State' object has no attribute 'names'"):
        asyncio.run(request())
    assert events == []


def test_lifespan_context_runs_it_for_an_async_client() -> None:
    asyncio.run(async_lifespan_test.test_the_items_are_read())
    assert async_lifespan_test.app.state.names == []


def test_a_failed_test_is_raised_at_the_yield_of_lifespan_context() -> None:
    careless: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        careless.append("shutdown")

    async def failing(application: FastAPI) -> None:
        async with application.router.lifespan_context(application):
            pytest.fail("a test that fails")

    with pytest.raises(pytest.fail.Exception):
        asyncio.run(failing(FastAPI(lifespan=lifespan)))
    assert careless == []
    with pytest.raises(pytest.fail.Exception):
        asyncio.run(failing(app))  # the lifespan of the page has a finally
    assert events == ["startup", "shutdown"]


def test_a_failed_test_inside_with_still_runs_the_shutdown() -> None:
    with pytest.raises(pytest.fail.Exception), TestClient(app):
        pytest.fail("a test that fails")
    assert events == ["startup", "shutdown"]


def test_on_event_handlers_run_only_inside_with_too() -> None:
    started: list[str] = []
    application: Any = FastAPI()
    with pytest.warns(DeprecationWarning, match="on_event is deprecated"):
        application.on_event("startup")(lambda: started.append("startup"))
    TestClient(application).get("/")
    assert started == []
    with TestClient(application):
        assert started == ["startup"]


def test_on_event_handlers_are_ignored_beside_a_lifespan() -> None:
    started: list[str] = []
    application: Any = FastAPI(lifespan=lifespan_test.lifespan)
    with pytest.warns(DeprecationWarning, match="on_event is deprecated"):
        application.on_event("startup")(lambda: started.append("startup"))
    with TestClient(application):
        assert events == ["startup"]
    assert started == []


@pytest.mark.parametrize(("scope", "starts"), [("session", 1), ("function", 2)])
def test_a_session_fixture_starts_once_and_a_function_fixture_for_each_test(
    tmp_path: Path, scope: str, starts: int
) -> None:
    text = (FOLDER / "lifespan_test.py").read_text()
    text = text.replace("@pytest.fixture\n", f'@pytest.fixture(scope="{scope}")\n')
    text = text[: text.index("def test_startup_and_shutdown")]
    text += "def test_second(client: TestClient) -> None:\n"
    text += f"    assert events.count('startup') == {starts}\n"
    (tmp_path / "test_scope.py").write_text(text)
    assert "2 passed" in run_pytest(tmp_path).stdout


def test_an_error_in_the_start_is_raised_by_with() -> None:
    @asynccontextmanager
    async def failing(app: FastAPI) -> AsyncIterator[None]:
        raise OSError("no database")
        yield  # type: ignore[unreachable]

    with (
        pytest.raises(OSError, match="no database"),
        TestClient(FastAPI(lifespan=failing)),
    ):
        pytest.fail("the client was entered")


def test_a_mapping_of_the_lifespan_reaches_only_requests_of_an_entered_client() -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, int]]:
        yield {"answer": 42}

    application = FastAPI(lifespan=lifespan)

    @application.get("/")
    async def read(request: Request) -> bool:
        return hasattr(request.state, "answer")

    with TestClient(application) as client:
        assert client.get("/").json() is True
    assert TestClient(application).get("/").json() is False

    @application.get("/value")
    async def value(request: Request) -> int:
        answer: int = request.state.answer
        return answer

    with pytest.raises(AttributeError, match="'State' object has no attribute"):
        TestClient(application).get("/value")


def test_app_state_stays_after_with_so_a_test_without_it_passes_afterwards() -> None:
    with TestClient(app) as client:
        lifespan_test.test_an_item_is_read(client)
    assert events == ["startup", "shutdown"]
    wrong_client_without_with.test_an_item_is_read()
    assert events == ["startup", "shutdown"]


def test_a_mapping_of_the_lifespan_does_not_reach_requests_of_an_asgi_transport() -> (
    None
):
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, int]]:
        yield {"answer": 42}

    application = FastAPI(lifespan=lifespan)

    @application.get("/")
    async def read(request: Request) -> bool:
        return hasattr(request.state, "answer")

    async def request() -> bool:
        transport = ASGITransport(application)
        async with (
            application.router.lifespan_context(application),
            AsyncClient(transport=transport, base_url="http://test") as client,
        ):
            found: bool = (await client.get("/")).json()
            return found

    assert asyncio.run(request()) is False


def test_the_lifespan_of_a_mounted_application_does_not_run() -> None:
    main = FastAPI()
    main.mount("/sub", app)
    with TestClient(main):
        assert events == []


def test_inside_with_all_requests_share_one_loop_and_outside_each_has_its_own() -> None:
    application = FastAPI()
    loops: list[asyncio.AbstractEventLoop] = []

    @application.get("/")
    async def read() -> None:
        loops.append(asyncio.get_running_loop())

    with TestClient(application) as client:
        client.get("/")
        client.get("/")
    assert loops[0] is loops[1]
    loops.clear()
    client = TestClient(application)
    client.get("/")
    client.get("/")
    assert loops[0] is not loops[1]
    assert loops[0].is_closed()


def test_the_application_runs_in_another_thread_than_the_test() -> None:
    application = FastAPI()
    threads: list[threading.Thread] = []

    @application.get("/")
    async def read() -> None:
        threads.append(threading.current_thread())

    with TestClient(application) as client:
        client.get("/")
    assert threads[0] is not threading.current_thread()
