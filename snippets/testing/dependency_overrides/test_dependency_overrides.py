import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, WebSocket
from fastapi.testclient import TestClient

from snippets.testing.dependency_overrides import (
    mock_behind_function,
    override_fixture,
    override_key,
    wrong_mock_override,
    wrong_patched_function,
)
from snippets.testing.dependency_overrides.orders import app, get_current_user
from snippets.testing.dependency_overrides.override_fixture import (
    client as client,  # fixture
)


@pytest.fixture(autouse=True)
def no_overrides_left() -> Iterator[None]:
    yield
    app.dependency_overrides.clear()


def real() -> str:
    return "real"


def application(dependency: Callable[..., str] = real) -> FastAPI:
    application = FastAPI()

    @application.get("/")
    async def read(value: Annotated[str, Depends(dependency)]) -> str:
        return value

    return application


def test_without_an_override_the_real_dependency_answers_401() -> None:
    assert TestClient(app).get("/orders").status_code == 401


def test_the_fixture_replaces_the_dependency(client: TestClient) -> None:
    assert client.get("/orders").json() == ["order of alice"]


def test_the_fixture_removes_its_override_even_if_the_start_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @asynccontextmanager
    async def failing(app: FastAPI) -> AsyncIterator[None]:
        raise OSError("no database")
        yield  # type: ignore[unreachable]

    monkeypatch.setattr(app.router, "lifespan_context", failing)
    with pytest.MonkeyPatch.context() as inner:
        start = inspect.unwrap(override_fixture.client)(inner)
        with pytest.raises(OSError, match="no database"):
            next(start)
        assert get_current_user in app.dependency_overrides
    assert get_current_user not in app.dependency_overrides


def test_patching_the_module_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong_patched_function.check_orders(monkeypatch) == 401


def test_the_function_given_to_depends_is_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert override_key.check_orders(monkeypatch) == 200


def test_a_mock_as_override_asks_for_the_query_parameters_args_and_kwargs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert wrong_mock_override.check_orders(monkeypatch) == 422
    answer = TestClient(app).get("/orders").json()
    missing = [error["loc"] for error in answer["detail"]]
    assert missing == [["query", "args"], ["query", "kwargs"]]


def test_a_mock_behind_a_function_works(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mock_behind_function.check_orders(monkeypatch) == 200


def test_the_override_has_its_own_parameters_and_not_those_of_the_original() -> None:
    app = application()
    app.dependency_overrides[real] = lambda q: q
    client = TestClient(app)
    assert client.get("/").status_code == 422
    assert client.get("/", params={"q": "asked"}).json() == "asked"


def test_an_override_may_have_dependencies_and_these_are_overridden_too() -> None:
    def setting() -> str:
        return "setting"

    def fake(value: Annotated[str, Depends(setting)]) -> str:
        return value

    app = application()
    app.dependency_overrides[real] = fake
    app.dependency_overrides[setting] = lambda: "replaced setting"
    assert TestClient(app).get("/").json() == "replaced setting"


def test_an_override_may_yield() -> None:
    events: list[str] = []

    def fake() -> Iterator[str]:
        yield "yielded"
        events.append("closed")

    app = application()
    app.dependency_overrides[real] = fake
    assert TestClient(app).get("/").json() == "yielded"
    assert events == ["closed"]


def test_a_direct_call_inside_another_dependency_is_not_overridden() -> None:
    def caller() -> str:
        return real()

    app = application(caller)
    app.dependency_overrides[real] = lambda: "fake"
    assert TestClient(app).get("/").json() == "real"


def test_a_mounted_application_has_overrides_of_its_own() -> None:
    mounted, main = application(), FastAPI()
    main.mount("/mounted", mounted)
    main.dependency_overrides[real] = lambda: "fake"
    assert TestClient(main).get("/mounted/").json() == "real"
    mounted.dependency_overrides[real] = lambda: "fake"
    assert TestClient(main).get("/mounted/").json() == "fake"


def test_an_included_router_uses_the_overrides_of_the_application() -> None:
    router = APIRouter()

    @router.get("/routed")
    async def read(value: Annotated[str, Depends(real)]) -> str:
        return value

    app = FastAPI()
    app.include_router(router)
    app.dependency_overrides[real] = lambda: "fake"
    assert TestClient(app).get("/routed").json() == "fake"


def test_dependencies_of_routers_and_of_the_application_are_overridden() -> None:
    def guard() -> None:
        raise HTTPException(401)

    router = APIRouter(dependencies=[Depends(guard)])

    @router.get("/routed")
    async def routed() -> str:
        return "routed"

    app = FastAPI(dependencies=[Depends(guard)])
    app.include_router(router)
    assert TestClient(app).get("/routed").status_code == 401
    app.dependency_overrides[guard] = lambda: None
    assert TestClient(app).get("/routed").json() == "routed"


def test_dependencies_of_the_original_do_not_run() -> None:
    def token() -> str:
        raise HTTPException(401)

    def user(token: Annotated[str, Depends(token)]) -> str:
        return "real"

    app = application(user)
    assert TestClient(app).get("/").status_code == 401
    app.dependency_overrides[user] = lambda: "fake"
    assert TestClient(app).get("/").json() == "fake"


def test_websocket_endpoints_get_the_override() -> None:
    app = FastAPI()

    @app.websocket("/")
    async def socket(
        websocket: WebSocket, value: Annotated[str, Depends(real)]
    ) -> None:
        await websocket.accept()
        await websocket.send_text(value)

    app.dependency_overrides[real] = lambda: "fake"
    with TestClient(app).websocket_connect("/") as websocket:
        assert websocket.receive_text() == "fake"


def test_the_openapi_document_shows_the_original() -> None:
    def original(limit: int) -> str:
        return "real"

    app = application(original)
    app.dependency_overrides[original] = lambda q: q
    parameters = app.openapi()["paths"]["/"]["get"]["parameters"]
    assert [parameter["name"] for parameter in parameters] == ["limit"]


def test_a_function_made_anew_is_another_key() -> None:
    def make() -> Callable[[], str]:
        def dependency() -> str:
            return "real"

        return dependency

    app = application(make())
    app.dependency_overrides[make()] = lambda: "fake"
    assert TestClient(app).get("/").json() == "real"


def test_an_override_stays_until_it_is_removed() -> None:
    app = application()
    app.dependency_overrides[real] = lambda: "fake"
    TestClient(app).get("/")
    assert TestClient(app).get("/").json() == "fake"
    app.dependency_overrides.clear()
    assert TestClient(app).get("/").json() == "real"
