import secrets
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from fastapi import (
    APIRouter,
    Depends,
    FastAPI,
    HTTPException,
    Request,
    Response,
    WebSocket,
)
from fastapi.middleware import Middleware
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from fastapi.routing import APIRoute, APIWebSocketRoute
from fastapi.testclient import TestClient
from starlette.middleware.base import RequestResponseEndpoint as Next
from starlette.requests import HTTPConnection
from starlette.routing import Mount, Route, Router, WebSocketRoute
from starlette.testclient import WebSocketDenialResponse

from snippets.middleware.middleware_or_dependency import (
    both,
    mounted_application,
    route_class,
    wrong_path_check,
    wrong_token_middleware,
)

Recorder = Callable[[str, str], None]
KNOWN = secrets.token_hex()
TOKEN = {"Authorization": f"Bearer {KNOWN}"}


@pytest.fixture(autouse=True)
def one_admin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(both, "ADMINS", {sha256(KNOWN.encode()).hexdigest()})


def exchange(path: str, **headers: str) -> str:
    """Return a GET and its response as the text that goes over the wire."""
    response = TestClient(both.app).get(path, headers=headers)
    lines = [f"GET {path} HTTP/1.1", ""]
    lines.append(f"HTTP/1.1 {response.status_code} {response.reason_phrase}")
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return "\n".join([*lines, "", response.text])


def test_middleware_runs_for_every_request_and_the_dependency_for_its_router(
    recorded: Recorder,
) -> None:
    unknown, refused = exchange("/no-such-path"), exchange("/admin/users/3")
    assert "404 Not Found" in unknown
    assert "401 Unauthorized" in refused
    for text in (unknown, refused):
        assert "\nx-content-type-options: nosniff\n" in text
    recorded("exchanges.http", f"{unknown}\n\n{refused}")


def test_the_dependency_lets_in_whoever_has_the_token() -> None:
    client = TestClient(both.app)
    assert client.get("/admin/users/3", headers=TOKEN).json() == {"user_id": 3}
    wrong = client.get("/admin/users/3", headers={"Authorization": "Bearer x"})
    assert wrong.status_code == 401
    assert wrong.headers["WWW-Authenticate"] == "Bearer"
    latin = client.get("/admin/users/3", headers=[(b"Authorization", b"Bearer \xe9")])
    assert latin.status_code == 401


def test_a_token_check_in_middleware_leaves_websockets_open(recorded: Recorder) -> None:
    client = TestClient(wrong_token_middleware.app)
    status = client.get("/admin/users/3").status_code
    assert status == 401
    with client.websocket_connect("/admin/events") as websocket:
        received = websocket.receive_text()
    assert received == "restarted"
    recorded(
        "without_token.txt",
        f"GET /admin/users/3        {status}\n"
        f"WebSocket /admin/events   received: {received}",
    )


def test_a_dependency_checks_websockets_too() -> None:
    client = TestClient(both.app)
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect("/admin/events"),
    ):
        pass
    assert denied.value.status_code == 401
    with client.websocket_connect("/admin/events", headers=TOKEN) as websocket:
        assert websocket.receive_text() == "restarted"


def test_a_dependency_with_an_http_connection_serves_both() -> None:
    seen = []

    def look(connection: HTTPConnection) -> None:
        seen.append((connection.scope["type"], connection.headers["Authorization"]))

    app = FastAPI(dependencies=[Depends(look)])
    app.get("/")(lambda: None)
    app.websocket("/events")(both.events)
    client = TestClient(app, headers=TOKEN)
    client.get("/")
    with client.websocket_connect("/events"):
        pass
    sent = TOKEN["Authorization"]
    assert seen == [("http", sent), ("websocket", sent)]


def test_a_dependency_appears_in_openapi_and_middleware_does_not() -> None:
    paths = both.app.openapi()["paths"]
    assert paths["/admin/users/{user_id}"]["get"]["security"] == [{"HTTPBearer": []}]
    paths = wrong_token_middleware.app.openapi()["paths"]
    assert "security" not in paths["/admin/users/{user_id}"]["get"]


def test_a_token_check_outside_cors_refuses_preflights() -> None:
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
    app.middleware("http")(wrong_token_middleware.check_token)
    preflight = {
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "GET",
    }
    assert TestClient(app).options("/", headers=preflight).status_code == 401


def test_a_dependency_of_the_application_guards_path_operations_only() -> None:
    app = FastAPI(dependencies=[Depends(both.admins_only)])
    app.mount("/exports", mounted_application.exports)
    app.get("/users/{user_id}")(both.user)
    client = TestClient(app)
    assert client.get("/users/3").status_code == 401
    for path in ("/docs", "/openapi.json", "/exports/rows"):
        assert client.get(path).status_code == 200
    assert client.get("/no-such-path").status_code == 404


def test_a_router_cannot_opt_out_of_a_dependency_of_the_application() -> None:
    public, private = APIRouter(), APIRouter(dependencies=[Depends(both.admins_only)])
    public.get("/health")(lambda: "ok")
    private.get("/users/{user_id}")(both.user)

    guarded = FastAPI(dependencies=[Depends(both.admins_only)])
    guarded.include_router(public)
    assert TestClient(guarded).get("/health").status_code == 401

    app = FastAPI()
    app.include_router(public)
    app.include_router(private)
    assert TestClient(app).get("/health").status_code == 200
    assert TestClient(app).get("/users/3").status_code == 401


def test_a_dependency_of_the_application_does_not_guard_what_add_route_adds() -> None:
    async def health(request: Request) -> Response:
        return Response("ok")

    router = APIRouter(dependencies=[Depends(both.admins_only)])
    router.add_route("/router", health)
    app = FastAPI(dependencies=[Depends(both.admins_only)])
    app.add_route("/health", health)
    app.include_router(router)
    for path in ("/health", "/router"):
        assert TestClient(app).get(path).text == "ok"


def test_a_dependency_of_the_application_does_not_guard_what_websocket_route_adds() -> (
    None
):
    async def news(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    guard = Depends(both.admins_only)
    app = FastAPI(dependencies=[guard])
    app.websocket_route("/news")(news)
    with TestClient(app).websocket_connect("/news") as client:
        assert client.receive()["type"] == "websocket.close"


def test_a_dependency_of_the_application_guards_a_frontend_too(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<script src=app.js></script>")
    (tmp_path / "app.js").write_text("")
    app = FastAPI(dependencies=[Depends(both.admins_only)])
    app.frontend("/", directory=tmp_path)
    client = TestClient(app)
    for path in ("/", "/app.js"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=TOKEN).status_code == 200


def test_middleware_guards_docs_and_mounted_applications_too() -> None:
    app = FastAPI()
    app.middleware("http")(wrong_token_middleware.check_token)
    app.mount("/exports", mounted_application.exports)
    client = TestClient(app)
    for path in ("/docs", "/openapi.json", "/exports/rows", "/no-such-path"):
        assert client.get(path).status_code == 401


def test_a_check_of_the_path_fails_open_under_a_prefix() -> None:
    alone = TestClient(wrong_path_check.app)
    assert alone.get("/admin/users/3").status_code == 401
    parent = FastAPI()
    parent.mount("/v1", wrong_path_check.app)
    assert TestClient(parent).get("/v1/admin/users/3").json() == {"user_id": 3}
    # Uvicorn with --root-path sends scopes like this one.
    behind_proxy = TestClient(wrong_path_check.app, root_path="/api")
    assert behind_proxy.get("/api/admin/users/3").json() == {"user_id": 3}


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_a_dependency_of_a_router_does_not_depend_on_the_path(prefix: str) -> None:
    parent = FastAPI()
    parent.mount(prefix or "/", both.app)
    client = TestClient(parent)
    path = f"{prefix}/admin/users/3"
    assert client.get(path).status_code == 401
    assert client.get(path, headers=TOKEN).json() == {"user_id": 3}
    behind_proxy = TestClient(both.app, root_path="/api")
    assert behind_proxy.get("/api/admin/users/3").status_code == 401


def endpoint() -> None: ...


def test_neither_path_operations_nor_routers_take_middleware() -> None:
    app: Any = FastAPI()
    router: Any = APIRouter()
    unexpected = "got an unexpected keyword argument 'middleware'"
    for call in (
        lambda: app.get("/", middleware=[]),
        lambda: app.include_router(router, middleware=[]),
        lambda: app.mount("/part", app, middleware=[]),
        lambda: router.get("/", middleware=[]),
        lambda: type(router)(middleware=[]),
        lambda: APIRoute("/", endpoint, middleware=[]),  # type: ignore[call-arg]
        lambda: APIWebSocketRoute("/", endpoint, middleware=[]),  # type: ignore[call-arg]
    ):
        with pytest.raises(TypeError, match=unexpected):
            call()
    assert not hasattr(router, "middleware")
    assert not hasattr(router, "add_middleware")


def test_routes_and_mounts_of_starlette_do() -> None:
    compress = [Middleware(GZipMiddleware)]
    Route("/", endpoint, middleware=compress)
    WebSocketRoute("/", endpoint, middleware=compress)
    Router(middleware=compress)
    exports = FastAPI()
    exports.get("/rows")(mounted_application.rows)
    mount = Mount("/exports", exports, middleware=compress)
    app = FastAPI(routes=[mount])
    app.get("/rows")(mounted_application.rows)
    client = TestClient(app)
    assert client.get("/exports/rows").headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in client.get("/rows").headers


def test_middleware_of_a_mounted_application_runs_for_that_application_only() -> None:
    client = TestClient(mounted_application.app)
    assert client.get("/exports/rows").headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in client.get("/rows").headers


def test_a_mounted_application_has_docs_of_its_own_and_its_lifespan_does_not_run() -> (
    None
):
    started = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        started.append(app)
        yield

    app, part = FastAPI(lifespan=lifespan), FastAPI(lifespan=lifespan)
    part.get("/rows")(mounted_application.rows)
    app.mount("/part", part)
    with TestClient(app) as client:
        assert client.get("/openapi.json").json()["paths"] == {}
        assert list(client.get("/part/openapi.json").json()["paths"]) == ["/rows"]
    assert started == [app]


def test_a_route_class_wraps_the_path_operations_of_its_router() -> None:
    client = TestClient(route_class.app)
    assert client.get("/accounts/3").headers["Cache-Control"] == "no-store"
    assert "Cache-Control" not in client.get("/rates").headers
    assert "Cache-Control" not in client.get("/accounts/three").headers


def test_a_route_class_does_not_reach_included_routers_or_websockets() -> None:
    called = []

    class Note(route_class.NoStore):
        def get_route_handler(self) -> Any:
            called.append(self.path)
            return super().get_route_handler()

    outer, inner = APIRouter(route_class=Note), APIRouter()
    outer.get("/outer")(route_class.rates)
    inner.get("/inner")(route_class.rates)

    @outer.websocket("/ws")
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    outer.include_router(inner)
    app = FastAPI()
    app.include_router(outer)
    client = TestClient(app)
    assert client.get("/outer").headers["Cache-Control"] == "no-store"
    assert "Cache-Control" not in client.get("/inner").headers
    with client.websocket_connect("/ws"):
        pass
    assert set(called) == {"/outer"}


def test_an_exception_in_a_route_class_reaches_the_exception_handlers() -> None:
    class Closed(APIRoute):
        def get_route_handler(self) -> Any:
            async def refuse(request: Request) -> Response:
                raise HTTPException(503, "Closed")

            return refuse

    router = APIRouter(route_class=Closed)
    router.get("/")(route_class.rates)
    app = FastAPI()
    app.include_router(router)
    assert TestClient(app).get("/").status_code == 503


def test_middleware_does_not_know_the_route_before_call_next() -> None:
    app = FastAPI()
    known: list[Any] = []

    @app.middleware("http")
    async def look(request: Request, call_next: Next) -> Response:
        known.append((request.path_params, "route" in request.scope))
        response = await call_next(request)
        known.append((request.path_params, "route" in request.scope))
        return response

    def check(item_id: int, request: Request) -> None:
        known.append(item_id)

    @app.get("/items/{item_id}", dependencies=[Depends(check)])
    def read_item(item_id: int) -> None: ...

    TestClient(app).get("/items/3")
    assert known == [({}, False), 3, ({"item_id": "3"}, True)]


def test_the_route_is_missing_in_the_scope_where_no_path_operation_matched() -> None:
    app = FastAPI()
    routes = []

    @app.middleware("http")
    async def look(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        routes.append(request.scope.get("route"))
        return response

    app.get("/items/{item_id}")(endpoint)
    client = TestClient(app)
    for path in ("/no-such-path", "/docs", "/items/3"):
        client.get(path)
    assert routes[:2] == [None, None]
    assert isinstance(routes[2], APIRoute)
    assert client.post("/items/3").status_code == 405
    assert routes[3] is routes[2]

    @app.get("/unknown")
    def unknown() -> None:
        raise HTTPException(404)

    assert client.get("/unknown").status_code == 404
    assert isinstance(routes[4], APIRoute)


def test_the_path_of_the_route_lacks_the_prefix_of_include_router() -> None:
    app = FastAPI()
    paths = []

    @app.middleware("http")
    async def look(request: Request, call_next: Next) -> Response:
        response = await call_next(request)
        paths.append((request.scope["route"].path, request.path_params))
        return response

    router = APIRouter(prefix="/shops/{shop}")
    router.get("/items")(endpoint)
    app.include_router(router, prefix="/api")
    TestClient(app).get("/api/shops/3/items")
    assert paths == [("/shops/{shop}/items", {"shop": "3"})]


def test_a_blocking_dependency_runs_in_a_thread_and_middleware_on_the_loop() -> None:
    app = FastAPI()
    threads = {}

    @app.middleware("http")
    async def look(request: Request, call_next: Next) -> Response:
        threads["middleware"] = threading.current_thread()
        return await call_next(request)

    def check() -> None:
        threads["def dependency"] = threading.current_thread()

    @app.get("/", dependencies=[Depends(check)])
    async def root() -> None:
        threads["endpoint"] = threading.current_thread()

    TestClient(app).get("/")
    assert threads["middleware"] is threads["endpoint"]
    assert threads["def dependency"] is not threads["endpoint"]


def test_a_header_set_in_a_dependency_is_missing_on_returned_and_error_responses() -> (
    None
):
    def add_header(response: Response) -> None:
        response.headers["X-Seen"] = "yes"

    app = FastAPI(dependencies=[Depends(add_header)])

    @app.get("/value")
    def value() -> int:
        return 3

    @app.get("/response")
    def returned() -> Response:
        return JSONResponse(3)

    @app.get("/error")
    def error() -> None:
        raise HTTPException(400)

    client = TestClient(app)
    assert client.get("/value").headers["X-Seen"] == "yes"
    for path in ("/response", "/error", "/no-such-path"):
        assert "X-Seen" not in client.get(path).headers


def test_a_route_class_sees_the_response_object_with_its_body() -> None:
    seen = []

    class Look(APIRoute):
        def get_route_handler(self) -> Any:
            handle = super().get_route_handler()

            async def look(request: Request) -> Response:
                response = await handle(request)
                seen.append(getattr(response, "body", None))
                return response

            return look

    router = APIRouter(route_class=Look)
    router.get("/rates")(route_class.rates)

    @router.get("/rows")
    def rows() -> StreamingResponse:
        return StreamingResponse(iter("12"))

    @router.get("/file")
    def file() -> FileResponse:
        return FileResponse(__file__)

    app = FastAPI()
    app.include_router(router)
    for path in ("/rates", "/rows", "/file"):
        TestClient(app).get(path)
    assert seen == [b'{"EUR":1.08}', None, None]


def test_nothing_resolves_depends_in_middleware() -> None:
    app = FastAPI()
    got: list[Any] = []
    current_user: Any = Depends(lambda: "alice")

    @app.middleware("http")
    async def look(
        request: Request, call_next: Next, user: Any = current_user
    ) -> Response:
        got.append(user)
        return await call_next(request)

    TestClient(app).get("/docs")
    assert got == [current_user]


def test_dependencies_can_be_replaced_in_tests() -> None:
    app = FastAPI(dependencies=[Depends(both.admins_only)])
    app.get("/users/{user_id}")(both.user)
    app.dependency_overrides[both.admins_only] = lambda: None
    assert TestClient(app).get("/users/3").status_code == 200


def test_middleware_checks_nothing_that_it_does_not_parse_itself() -> None:
    app = FastAPI()
    passed = []

    @app.middleware("http")
    async def look(request: Request, call_next: Next) -> Response:
        passed.append(request.query_params.get("limit"))
        return await call_next(request)

    @app.get("/items")
    def items(limit: int) -> int:
        return limit

    client = TestClient(app)
    assert client.get("/items?limit=many").status_code == 422
    assert client.get("/items?limit=3").json() == 3
    assert passed == ["many", "3"]
