import inspect
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import (
    APIRouter,
    Depends,
    FastAPI,
    Form,
    Header,
    HTTPException,
    Request,
    Response,
    WebSocket,
)
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from snippets.conftest import outcomes, run_pytest
from snippets.testing.dependency_overrides import (
    mock_behind_function,
    override_test,
    wrong_mock_override,
    wrong_patched_function,
)
from snippets.testing.dependency_overrides.override_test import app, get_current_user

FOLDER = Path(__file__).parent
JSON = {"Content-Type": "application/json"}


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


def test_the_tests_of_the_page_pass(tmp_path: Path, recorded: Any) -> None:
    shutil.copy(FOLDER / "override_test.py", tmp_path / "test_orders.py")
    report = run_pytest(tmp_path, "-v").stdout
    recorded("passed.txt", "\n".join(outcomes(report)))
    assert "2 passed" in report


def test_without_an_override_the_real_dependency_answers_401() -> None:
    override_test.test_orders_need_a_user()
    assert TestClient(app).get("/orders").status_code == 401


def test_the_fixture_removes_its_override_even_if_the_start_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bool] = []

    @asynccontextmanager
    async def failing(application: FastAPI) -> AsyncIterator[None]:
        seen.append(get_current_user in app.dependency_overrides)
        raise OSError("no database")
        yield  # type: ignore[unreachable]

    monkeypatch.setattr(app.router, "lifespan_context", failing)
    start = inspect.unwrap(override_test.client)()
    with pytest.raises(OSError, match="no database"):
        next(start)
    assert seen == [True]
    assert app.dependency_overrides == {}


def test_patching_the_module_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssertionError):
        wrong_patched_function.test_orders(monkeypatch)
    assert override_test.get_current_user is not get_current_user  # patched
    assert TestClient(app).get("/orders").status_code == 401


def test_a_mock_as_override_asks_for_the_query_parameters_args_and_kwargs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(AssertionError):
        wrong_mock_override.test_orders(monkeypatch)
    answer = TestClient(app).get("/orders").json()
    missing = [error["loc"] for error in answer["detail"]]
    assert missing == [["query", "args"], ["query", "kwargs"]]


def test_a_mock_behind_a_function_works(monkeypatch: pytest.MonkeyPatch) -> None:
    mock_behind_function.test_orders(monkeypatch)
    assert TestClient(app).get("/orders").json() == ["order of test"]


def test_a_value_instead_of_a_callable_is_a_type_error() -> None:
    app = application()
    wrong: Any = "fake"
    app.dependency_overrides[real] = wrong
    with pytest.raises(TypeError, match="is not a callable object"):
        TestClient(app).get("/")


def test_the_name_as_a_string_is_no_key() -> None:
    app = application()
    key: Any = "real"
    app.dependency_overrides[key] = lambda: "fake"
    assert TestClient(app).get("/").json() == "real"


def test_for_an_instance_the_instance_is_the_key() -> None:
    class Checker:
        def __call__(self) -> str:
            return "real"

    checker = Checker()
    app = application(checker)
    app.dependency_overrides[Checker] = lambda: "fake"
    assert TestClient(app).get("/").json() == "real"
    app.dependency_overrides[checker] = lambda: "fake"
    assert TestClient(app).get("/").json() == "fake"


def test_an_equal_instance_or_method_is_the_same_key() -> None:
    @dataclass(frozen=True)
    class RequireRole:
        role: str

        def __call__(self) -> str:
            return "real"

        def method(self) -> str:
            return "real"

    app = application(RequireRole("admin"))
    app.dependency_overrides[RequireRole("owner")] = lambda: "fake"
    assert TestClient(app).get("/").json() == "real"
    app.dependency_overrides[RequireRole("admin")] = lambda: "fake"
    assert TestClient(app).get("/").json() == "fake"
    role = RequireRole("admin")
    app = application(role.method)
    app.dependency_overrides[role.method] = lambda: "fake"
    assert TestClient(app).get("/").json() == "fake"


def test_setitem_of_monkeypatch_removes_only_its_own_entry() -> None:
    app = application()
    app.dependency_overrides[get_current_user] = lambda: "other"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.dependency_overrides, real, lambda: "fake")
        assert TestClient(app).get("/").json() == "fake"
    assert list(app.dependency_overrides) == [get_current_user]


def test_a_dependency_of_a_dependency_is_overridden() -> None:
    def outer(value: Annotated[str, Depends(real)]) -> str:
        return f"outer {value}"

    app = application(outer)
    app.dependency_overrides[real] = lambda: "fake"
    assert TestClient(app).get("/").json() == "outer fake"


class Item(BaseModel):
    item: str


class Other(BaseModel):
    b: int


def test_a_body_of_the_override_is_not_read_where_the_route_declares_none() -> None:
    def model(body: Item) -> str:
        return body.item

    def form(item: Annotated[str, Form()]) -> str:
        return item

    app = FastAPI()

    @app.post("/")
    def create(value: Annotated[str, Depends(real)]) -> str:
        return value

    client = TestClient(app)
    app.dependency_overrides[real] = model
    answer = client.post("/", json={"item": "tea"})
    assert answer.json()["detail"][0]["type"] == "missing"
    app.dependency_overrides[real] = form
    answer = client.post("/", data={"item": "tea"})
    assert answer.json()["detail"][0]["type"] == "missing"

    def with_a_default(item: Annotated[str, Form()] = "coffee") -> str:
        return item

    app.dependency_overrides[real] = with_a_default
    assert client.post("/", data={"item": "tea"}).json() == "coffee"


def test_a_body_of_the_override_is_read_where_the_route_declares_one() -> None:
    def fake(body: Item) -> str:
        return body.item

    app = FastAPI()

    @app.post("/")
    def create(other: Other, value: Annotated[str, Depends(real)]) -> str:
        return f"{value} {other.b}"

    app.dependency_overrides[real] = fake
    answer = TestClient(app).post("/", json={"b": 1, "item": "tea"})
    assert answer.json() == "tea 1"


def test_the_body_of_the_original_is_still_parsed() -> None:
    def original(item: Item) -> str:
        return item.item

    app = FastAPI()

    @app.post("/alone")
    def alone(value: Annotated[str, Depends(original)]) -> str:
        return value

    @app.post("/two")
    def two(other: Other, value: Annotated[str, Depends(original)]) -> str:
        return f"{value} {other.b}"

    app.dependency_overrides[original] = lambda: "fake"
    client = TestClient(app)
    answer = client.post("/alone", content=b"{", headers=JSON)
    assert answer.json()["detail"][0]["type"] == "json_invalid"
    assert client.post("/alone", json={}).json() == "fake"
    assert client.post("/two", json={"b": 1}).status_code == 422
    assert client.post("/two", json={"other": {"b": 1}}).json() == "fake 1"


def test_middleware_and_lifespan_call_the_real_function() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        seen.append(real())
        yield

    app = FastAPI(lifespan=lifespan)

    @app.middleware("http")
    async def middleware(request: Request, call_next: Any) -> Response:
        seen.append(real())
        response: Response = await call_next(request)
        return response

    app.dependency_overrides[real] = lambda: "fake"
    with TestClient(app) as client:
        client.get("/")
    assert seen == ["real", "real"]


def test_a_database_override_with_sqlite_in_memory_and_one_connection() -> None:
    def get_session() -> Iterator[Session]:
        raise OSError("no database")
        yield  # type: ignore[unreachable]

    app = FastAPI()

    @app.post("/")
    def write(session: Annotated[Session, Depends(get_session)]) -> None:
        session.execute(text("create table t (a int)"))
        session.execute(text("insert into t values (1)"))
        session.commit()

    @app.get("/")
    def read(session: Annotated[Session, Depends(get_session)]) -> int:
        return int(session.execute(text("select count(*) from t")).scalar_one())

    arguments = {"check_same_thread": False}
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args=arguments)

    def override() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    app.dependency_overrides[get_session] = override
    client = TestClient(app)
    client.post("/")
    assert client.get("/").json() == 1
    engine.dispose()


def test_the_override_has_its_own_parameters_and_not_those_of_the_original() -> None:
    app = application()
    app.dependency_overrides[real] = lambda q: q
    client = TestClient(app)
    assert client.get("/").status_code == 422
    assert client.get("/", params={"q": "asked"}).json() == "asked"

    def header(x_name: Annotated[str, Header()]) -> str:
        return x_name

    app.dependency_overrides[real] = header
    assert client.get("/", headers={"X-Name": "ada"}).json() == "ada"


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
