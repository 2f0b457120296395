import pathlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Path, Request, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import Response
from starlette.routing import NoMatchFound
from starlette.testclient import WebSocketDenialResponse

from snippets.structure_and_start.include_router_or_mount import (
    both,
    guarded_mount,
    included_router,
    links,
    route_above,
    wrong_mounted_router,
    wrong_open_mount,
    wrong_route_below,
)


class OutOfStockError(Exception):
    """Stand for an error of the application."""


def outer_setting() -> str:
    return "real"


class Parts:
    """An application with a router and a mounted application that both do the same."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.app = FastAPI(title="outer", lifespan=self.lifespan("outer"))
        self.mounted = FastAPI(title="mounted", lifespan=self.lifespan("mounted"))
        self.router = APIRouter(lifespan=self.lifespan("router"))
        for part in (self.router, self.mounted.router):
            part.add_api_route("/error", self.error)
            part.add_api_route("/facts", self.facts)
            part.add_api_websocket_route("/ws", self.socket)
        self.app.include_router(self.router, prefix="/included")
        self.app.mount("/mounted", self.mounted)
        self.app.state.pool = "pool"

    def lifespan(self, name: str) -> Any:
        @asynccontextmanager
        async def run(app: FastAPI) -> AsyncIterator[dict[str, str]]:
            self.ran.append(name)
            yield {name: "yielded"}

        return run

    def error(self) -> None:
        raise OutOfStockError

    def facts(
        self, request: Request, setting: str = Depends(outer_setting)
    ) -> dict[str, Any]:
        return {
            "title": request.app.title,
            "pool": hasattr(request.app.state, "pool"),
            "yielded": hasattr(request.state, "outer"),
            "root_path": request.scope["root_path"],
            "path": request.url.path,
            "setting": setting,
        }

    async def socket(self, websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(websocket.scope["root_path"])
        await websocket.close()


@pytest.fixture
def parts() -> Parts:
    return Parts()


def text_418(request: Request, error: Exception) -> Response:
    return PlainTextResponse("handled", 418)


def test_the_router_passes_both_and_the_mounted_application_the_middleware(
    recorded: Any,
) -> None:
    client = TestClient(both.app)
    answers = []
    for path in ("/orders", "/reports/sales"):
        response = client.get(path)
        status = f"{response.status_code} {response.reason_phrase}"
        answers.append(f"GET {path}\n{status}  {response.text}\n")
    recorded("exchange.txt", "\n".join(answers).rstrip())


def test_each_application_has_its_own_document() -> None:
    client = TestClient(both.app)
    assert list(client.get("/openapi.json").json()["paths"]) == ["/orders"]
    document = client.get("/reports/openapi.json").json()
    assert list(document["paths"]) == ["/sales"]
    assert document["servers"] == [{"url": "/reports"}]
    assert "/reports/openapi.json" in client.get("/reports/docs").text


def test_handlers_of_the_outer_application_do_not_answer_for_the_mounted_one(
    parts: Parts,
) -> None:
    parts.app.add_exception_handler(OutOfStockError, text_418)
    parts.app.add_exception_handler(404, text_418)
    client = TestClient(parts.app, raise_server_exceptions=False)
    assert client.get("/included/error").status_code == 418
    assert client.get("/mounted/error").status_code == 500
    assert client.get("/included/none").status_code == 418
    assert client.get("/mounted/none").json() == {"detail": "Not Found"}
    message = "Caught handled exception, but response already started"
    with pytest.raises(RuntimeError, match=message):
        TestClient(parts.app).get("/mounted/error")


def test_handlers_of_the_mounted_application_answer_for_it(parts: Parts) -> None:
    parts.mounted.add_exception_handler(OutOfStockError, text_418)
    assert TestClient(parts.app).get("/mounted/error").status_code == 418


def test_the_lifespan_of_a_router_runs_and_that_of_a_mounted_application_does_not(
    parts: Parts,
) -> None:
    with TestClient(parts.app) as client:
        assert parts.ran == ["outer", "router"]
        included = client.get("/included/facts").json()
        mounted = client.get("/mounted/facts").json()
    assert included["yielded"]
    assert mounted["yielded"]
    assert (included["title"], included["pool"]) == ("outer", True)
    assert (mounted["title"], mounted["pool"]) == ("mounted", False)


def test_overrides_reach_the_router_alone(parts: Parts) -> None:
    parts.app.dependency_overrides[outer_setting] = lambda: "fake"
    client = TestClient(parts.app)
    assert client.get("/included/facts").json()["setting"] == "fake"
    assert client.get("/mounted/facts").json()["setting"] == "real"


@pytest.mark.since(fastapi="0.164.0")
def test_the_limit_of_the_body_reaches_both() -> None:
    async def size(request: Request) -> int:
        return len(await request.body())

    app, mounted, router = FastAPI(max_body_size=5), FastAPI(), APIRouter()
    for part in (mounted.router, router):
        part.add_api_route("/size", size, methods=["POST"])
    app.include_router(router, prefix="/included")
    app.mount("/mounted", mounted)
    client = TestClient(app)
    for path in ("/included/size", "/mounted/size"):
        assert client.post(path, content=b"12345").json() == 5
        assert client.post(path, content=b"123456").status_code == 413


@pytest.mark.since(fastapi="0.164.0")
def test_a_limit_of_the_part_replaces_the_outer_one() -> None:
    async def size(request: Request) -> int:
        return len(await request.body())

    app, mounted = FastAPI(max_body_size=5), FastAPI(max_body_size=10)
    router = APIRouter(max_body_size=10)
    for part in (mounted.router, router):
        part.add_api_route("/size", size, methods=["POST"])
    app.include_router(router, prefix="/included")
    app.mount("/mounted", mounted)
    client = TestClient(app)
    for path in ("/included/size", "/mounted/size"):
        assert client.post(path, content=b"123456").json() == 6
        assert client.post(path, content=b"12345678901").status_code == 413


def test_an_outer_handler_for_exception_runs_and_its_response_is_dropped(
    parts: Parts,
) -> None:
    seen: list[Exception] = []

    def note(request: Request, error: Exception) -> Response:
        seen.append(error)
        return PlainTextResponse("handled", 418)

    parts.app.add_exception_handler(Exception, note)
    client = TestClient(parts.app, raise_server_exceptions=False)
    answer = client.get("/mounted/error")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert [type(error) for error in seen] == [OutOfStockError]


def test_outer_cors_rules_come_before_those_of_the_mounted_application(
    parts: Parts,
) -> None:
    partner = {"Origin": "https://partner.example"}
    preflight = partner | {"Access-Control-Request-Method": "GET"}
    parts.mounted.add_middleware(CORSMiddleware, allow_origins=[partner["Origin"]])
    client = TestClient(parts.app)
    assert client.options("/mounted/facts", headers=preflight).status_code == 200
    outer = FastAPI()
    outer.mount("/mounted", parts.mounted)
    outer.add_middleware(
        CORSMiddleware, allow_origins=["https://own.example"], allow_credentials=True
    )
    client = TestClient(outer)
    assert client.options("/mounted/facts", headers=preflight).status_code == 400
    found = client.get("/mounted/facts", headers=partner).headers
    assert found["access-control-allow-origin"] == partner["Origin"]
    assert found["access-control-allow-credentials"] == "true"


def test_a_router_takes_neither_middleware_nor_handlers() -> None:
    for name in ("middleware", "exception_handlers"):
        extra: dict[str, Any] = {name: []}
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            APIRouter(**extra)


def test_dependencies_of_a_part_run() -> None:
    closed = [Depends(included_router.closed)]
    app, router, mounted = (
        FastAPI(),
        APIRouter(dependencies=closed),
        FastAPI(dependencies=closed),
    )
    router.add_api_route("/x", lambda: 1)
    mounted.add_api_route("/x", lambda: 1)
    app.include_router(router, prefix="/included")
    app.mount("/mounted", mounted)
    client = TestClient(app)
    assert client.get("/included/x").status_code == 403
    assert client.get("/mounted/x").status_code == 403


def test_an_inclusion_adds_prefix_tags_and_dependencies() -> None:
    app, router = FastAPI(), APIRouter(tags=["orders"])
    router.add_api_route("/orders", lambda: 1)
    closed = [Depends(included_router.closed)]
    app.include_router(router, prefix="/v1", tags=["v1"], dependencies=closed)
    app.include_router(router, prefix="/v2")
    client = TestClient(app)
    assert client.get("/v1/orders").status_code == 403
    assert client.get("/v2/orders").json() == 1
    paths = app.openapi()["paths"]
    tags = [paths[f"/{v}/orders"]["get"]["tags"] for v in ("v1", "v2")]
    assert tags == [["v1", "orders"], ["orders"]]


def test_middleware_of_the_mounted_application_runs_for_it_alone_and_inside(
    parts: Parts,
) -> None:
    order: list[str] = []

    def noting(name: str) -> Any:
        async def note(
            request: Request, call_next: RequestResponseEndpoint
        ) -> Response:
            order.append(name)
            return await call_next(request)

        return note

    parts.app.middleware("http")(noting("outer"))
    parts.mounted.middleware("http")(noting("mounted"))
    client = TestClient(parts.app)
    client.get("/mounted/facts")
    client.get("/included/facts")
    assert order == ["outer", "mounted", "outer"]


def test_websockets_reach_both(parts: Parts) -> None:
    client = TestClient(parts.app)
    for path, root_path in (("/included/ws", ""), ("/mounted/ws", "/mounted")):
        with client.websocket_connect(path) as websocket:
            assert websocket.receive_text() == root_path


def test_a_websocket_below_a_mount_passes_no_outer_dependency(parts: Parts) -> None:
    app = FastAPI(dependencies=[Depends(included_router.closed)])
    app.include_router(parts.router, prefix="/included")
    app.mount("/mounted", parts.mounted)
    client = TestClient(app)
    with client.websocket_connect("/mounted/ws") as websocket:
        assert websocket.receive_text() == "/mounted"
    with (
        pytest.raises(WebSocketDenialResponse),
        client.websocket_connect("/included/ws"),
    ):
        pass


def test_the_prefix_of_a_mount_is_its_root_path(parts: Parts) -> None:
    found = TestClient(parts.app).get("/mounted/facts").json()
    assert (found["root_path"], found["path"]) == ("/mounted", "/mounted/facts")


def test_a_mounted_application_is_tested_alone_without_the_prefix(parts: Parts) -> None:
    with TestClient(parts.mounted) as client:
        assert parts.ran == ["mounted"]
        assert client.get("/facts").json()["root_path"] == ""


def test_a_mount_without_a_slash_is_redirected_and_a_router_need_not_be() -> None:
    client = TestClient(both.app, follow_redirects=False)
    answer = client.get("/reports")
    assert answer.status_code == 307
    assert answer.headers["location"].endswith("/reports/")
    assert client.get("/orders").status_code == 200
    app = FastAPI(redirect_slashes=False)
    app.mount("/reports", FastAPI())
    assert TestClient(app).get("/reports").status_code == 404


def test_links_of_a_named_mount_need_its_name() -> None:
    client = TestClient(links.app)
    assert client.get("/reports/sales").json() == "http://testserver/reports/sales"
    assert links.app.url_path_for("reports:read_sales") == "/reports/sales"
    with pytest.raises(NoMatchFound):
        links.app.url_path_for("read_sales")
    with pytest.raises(NoMatchFound):
        TestClient(links.reports).get("/sales")


def test_without_a_name_the_first_route_of_that_name_is_found() -> None:
    app = FastAPI()
    app.add_api_route("/first", lambda: 1, name="read_sales")
    app.mount("/reports", both.reports)
    assert app.url_path_for("read_sales") == "/first"
    app = FastAPI()
    app.mount("/reports", both.reports)
    app.add_api_route("/later", lambda: 1, name="read_sales")
    assert app.url_path_for("read_sales") == "/reports/sales"


def test_links_of_a_mount_without_a_name_need_none() -> None:
    mounted = FastAPI()

    def read_sales(request: Request) -> str:
        return str(request.url_for("read_sales"))

    mounted.add_api_route("/sales", read_sales)
    app = FastAPI()
    app.mount("/reports", mounted)
    assert (
        TestClient(app).get("/reports/sales").json()
        == "http://testserver/reports/sales"
    )
    named = FastAPI()
    named.mount("/reports", mounted, name="reports")
    with pytest.raises(NoMatchFound):
        TestClient(named).get("/reports/sales")


@pytest.mark.filterwarnings("ignore:.*root_path.*")
def test_a_root_path_of_the_application_makes_mounts_a_404_behind_a_proxy() -> None:
    app = FastAPI(root_path="/api")
    app.mount("/reports", both.reports)
    app.add_api_route("/orders", lambda: 1)
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/orders").status_code == 200
    assert client.get("/reports/docs").status_code == 404


def test_root_path_of_the_server_reaches_the_mount() -> None:
    # As Uvicorn does, the path of the scope holds the root path.
    client = TestClient(both.app, root_path="/api")
    document = client.get("/api/reports/openapi.json").json()
    assert document["servers"] == [{"url": "/api/reports"}]


def test_dependencies_do_not_guard_a_mount(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (wrong_open_mount, guarded_mount):
        monkeypatch.setattr(module, "USERS", {sha256(b"right").hexdigest()})
    open_client = TestClient(wrong_open_mount.app)
    assert open_client.get("/orders").status_code == 401
    assert open_client.get("/reports/sales").json() == [250]
    client = TestClient(guarded_mount.app)
    assert client.get("/orders").status_code == 401
    assert client.get("/reports/sales").status_code == 401
    for token, status in (("wrong", 401), ("right", 200)):
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get("/reports/sales", headers=headers).status_code == status
    assert client.get("/reports/docs").status_code == 200


def test_without_any_setting_nobody_is_logged_in() -> None:
    client = TestClient(guarded_mount.app)
    for path in ("/orders", "/reports/sales"):
        headers = [(b"Authorization", b"Bearer \xe9")]
        assert client.get(path, headers=headers).status_code == 401


def test_a_mounted_router_loses_dependencies_and_document() -> None:
    wrong = TestClient(wrong_mounted_router.app)
    assert wrong.get("/v1/orders").json() == [1]
    assert wrong.get("/openapi.json").json()["paths"] == {}
    right = TestClient(included_router.app)
    assert right.get("/v1/orders").status_code == 403
    assert list(right.get("/openapi.json").json()["paths"]) == ["/v1/orders"]


def test_a_mounted_router_ignores_overrides_and_uses_the_outer_handlers(
    parts: Parts,
) -> None:
    app = FastAPI()
    app.mount("/v1", parts.router)
    app.add_exception_handler(OutOfStockError, text_418)
    app.dependency_overrides[outer_setting] = lambda: "fake"
    client = TestClient(app)
    assert client.get("/v1/facts").json()["setting"] == "real"
    assert client.get("/v1/error").status_code == 418


def test_an_application_cannot_be_included(older: Any) -> None:
    name = "" if older("fastapi", "0.137.0") else "'_contains_router'"
    application: Any = FastAPI()
    with pytest.raises(
        AttributeError, match=f"'FastAPI' object has no attribute {name}"
    ):
        FastAPI().include_router(application)


def test_the_router_of_an_application_brings_its_pages_and_not_its_handlers(
    parts: Parts,
) -> None:
    app = FastAPI()
    parts.mounted.add_exception_handler(OutOfStockError, text_418)
    app.include_router(parts.mounted.router, prefix="/part")
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/part/error").status_code == 500
    assert client.get("/part/docs").status_code == 200


def test_a_route_below_a_mount_is_never_reached() -> None:
    client = TestClient(wrong_route_below.app)
    assert client.get("/reports/count").status_code == 404
    assert "/reports/count" in client.get("/openapi.json").json()["paths"]
    assert TestClient(route_above.app).get("/reports/count").json() == 1
    assert TestClient(route_above.app).post("/reports/count").status_code == 404
    assert TestClient(route_above.app).get("/reports/sales").json() == [250]


@pytest.mark.since(fastapi="0.137.0")
def test_a_mount_in_an_included_router_has_its_prefix_and_no_dependencies(
    tmp_path: pathlib.Path,
) -> None:
    (tmp_path / "a.txt").write_text("hello")
    closed = [Depends(included_router.closed)]
    router = APIRouter(prefix="/own", dependencies=closed)
    router.mount("/static", StaticFiles(directory=tmp_path), name="static")
    app = FastAPI(dependencies=closed)
    app.include_router(router, prefix="/v1", dependencies=closed)
    client = TestClient(app)
    assert client.get("/v1/static/a.txt").text == "hello"
    assert client.get("/v1/own/static/a.txt").status_code == 404


@pytest.mark.since(fastapi="0.137.0")
def test_an_operation_added_after_the_inclusion_answers() -> None:
    router = APIRouter()
    app = FastAPI()
    app.include_router(router)
    router.add_api_route("/late", lambda: 1)
    assert TestClient(app).get("/late").json() == 1
    assert [type(route).__name__ for route in app.routes].count("_IncludedRouter") == 1


def test_a_parameter_in_the_path_of_a_mount_is_no_path_parameter_of_its_functions() -> (
    None
):
    mounted = FastAPI()

    def read(request: Request, tenant: str = "none") -> list[str]:
        return [request.path_params["tenant"], tenant]

    def read_path(tenant: str = Path()) -> str:
        return tenant

    mounted.add_api_route("/name", read)
    mounted.add_api_route("/path", read_path)
    app = FastAPI()
    app.mount("/{tenant}", mounted)
    assert TestClient(app).get("/acme/name").json() == ["acme", "none"]
    assert TestClient(app).get("/acme/path").json() == "acme"
