import asyncio
import importlib
import inspect
import textwrap
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import (
    APIRouter,
    Body,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Request,
    WebSocket,
)
from fastapi.params import Depends as DependsObject
from fastapi.responses import PlainTextResponse
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse

from snippets.dependencies.declaring_dependencies import (
    account,
    class_as_dependency,
    current_user,
    levels,
    orders,
    public_user,
    tenant,
    wrong_default_value,
    wrong_forgotten_depends,
    wrong_returned_user,
)

Recorder = Callable[[str, str], None]
FOLDER = "snippets.dependencies.declaring_dependencies"
TOKEN = {"Authorization": "Bearer 9d2e"}


@pytest.mark.since(starlette="1.2.0")
def test_a_dependency_is_used_for_its_result_or_for_its_effect(
    recorded: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "orders", ["lamp", "desk", "chair"])
    monkeypatch.setattr(orders, "shop", {"open": True})
    client = TestClient(orders.app)
    texts = []
    for target in [
        "GET /orders",
        "GET /orders?skip=2",
        "GET /orders?limit=0",
        "POST /orders/sofa",
        "POST /orders/sofa (closed)",
    ]:
        orders.shop["open"] = "closed" not in target
        response = client.request(*target.split()[:2])
        status = f"{response.status_code} {response.reason_phrase}"
        texts.append(f"{target}\n{status}  {response.text}")
    recorded("answers.txt", "\n\n".join(texts))
    assert orders.orders == ["lamp", "desk", "chair", "sofa"]


def test_the_path_operation_gets_the_result_of_the_dependency() -> None:
    client = TestClient(current_user.app)
    assert client.get("/users/me", headers=TOKEN).json() == {"name": "alice"}
    refused = client.get("/users/me", headers={"Authorization": "Bearer 0000"})
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_a_function_whose_body_is_not_indented_does_not_compile() -> None:
    source = inspect.getsource(current_user.get_current_user)
    compile(source, "indented", "exec")
    flat = "\n".join(line.strip() for line in source.splitlines())
    with pytest.raises(IndentationError):
        compile(flat, "flat", "exec")


@pytest.mark.since(fastapi="0.163.0")
def test_depends_as_a_decorator_is_refused_when_it_is_used(recorded: Recorder) -> None:
    with pytest.raises(TypeError) as raised:
        importlib.import_module(f"{FOLDER}.wrong_depends_decorator")
    start, end = str(raised.value).split(" at 0x")
    message = f"{start}>{end.split('>', 1)[1]}"
    recorded(
        "decorator.txt",
        textwrap.fill(f"TypeError: {message}", 76, break_on_hyphens=False),
    )


def test_a_function_decorated_with_depends_is_no_function_any_more() -> None:
    @Depends
    def get_number() -> int:
        return 5

    with pytest.raises(TypeError, match="'Depends' object is not callable"):
        get_number()
    assert isinstance(get_number, DependsObject)


def test_a_decorated_function_is_usable_only_where_a_depends_object_is_expected() -> (
    None
):
    @Depends
    def get_number() -> int:
        return 5

    app = FastAPI()

    @app.get("/")
    def read(number: Annotated[int, get_number]) -> int:
        return number

    assert TestClient(app).get("/").json() == 5


def test_the_undecorated_function_works_as_a_dependency_and_alone() -> None:
    response = TestClient(tenant.app).get("/orders", headers={"X-Tenant": "ACME"})
    assert response.json() == "orders of acme"
    assert tenant.get_tenant("ACME") == "acme"


def test_a_called_dependency_is_refused() -> None:
    def get_number() -> int:
        return 5

    def endpoint(number: Annotated[int, Depends(get_number())]) -> None:
        pass

    with pytest.raises(TypeError, match="5 is not a callable object"):
        FastAPI().get("/")(endpoint)


def test_a_default_value_is_a_depends_object_when_you_call_the_function() -> None:
    assert TestClient(wrong_default_value.app).get("/orders").json() == "20 orders"
    assert wrong_default_value.report().startswith("Depends(dependency=<function")


def test_with_annotated_a_direct_call_needs_the_argument() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        tenant.orders()  # type: ignore[call-arg]


def test_depends_in_both_places_is_refused() -> None:
    def endpoint(
        number: Annotated[int, Depends(len)] = Depends(len),
    ) -> None:
        pass

    with pytest.raises(AssertionError, match="Cannot specify `Depends` in `Annotated`"):
        FastAPI().get("/")(endpoint)


def test_a_class_is_a_dependency_and_its_parameters_are_validated() -> None:
    client = TestClient(class_as_dependency.app)
    assert client.get("/orders?skip=40").json() == "20 orders after 40"
    assert client.get("/orders?limit=101").status_code == 422
    assert client.get("/orders?skip=-1").status_code == 422


def test_an_instance_with_call_is_a_dependency_with_a_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guest = current_user.User(name="bob", role="guest", hashed_password="$")
    monkeypatch.setitem(current_user.users, "77aa", guest)
    client = TestClient(current_user.app)
    assert client.delete("/users", headers=TOKEN).json() == "deleted"
    sent = {"Authorization": "Bearer 77aa"}
    assert client.delete("/users", headers=sent).status_code == 403
    assert client.delete("/users").status_code == 401


def test_a_function_that_returns_a_function_is_a_dependency_with_a_setting() -> None:
    def at_most(limit: int) -> Callable[..., int]:
        def dependency(n: int) -> int:
            return min(n, limit)

        return dependency

    app = FastAPI()

    @app.get("/")
    def read(n: Annotated[int, Depends(at_most(5))]) -> int:
        return n

    assert TestClient(app).get("/?n=9").json() == 5


def test_depends_in_depends_is_refused() -> None:
    def endpoint(page: Annotated[slice, Depends(Depends(orders.paging))]) -> None:
        pass

    with pytest.raises(TypeError, match="is not a callable object"):
        FastAPI().get("/")(endpoint)


def test_def_runs_in_a_thread_and_async_def_on_the_event_loop() -> None:
    def sync() -> int:
        return threading.get_ident()

    async def asynchronous() -> int:
        return threading.get_ident()

    app = FastAPI()

    @app.get("/")
    async def read(
        a: Annotated[int, Depends(sync)], b: Annotated[int, Depends(asynchronous)]
    ) -> list[bool]:
        loop = threading.get_ident()
        return [a == loop, b == loop]

    assert TestClient(app).get("/").json() == [False, True]


def test_partials_methods_and_async_functions_are_dependencies() -> None:
    def add(a: int, b: int) -> int:
        return a + b

    class Catalogue:
        def size(self) -> int:
            return 7

    async def answer() -> int:
        return 42

    app = FastAPI()

    @app.get("/")
    def read(
        a: Annotated[int, Depends(partial(add, b=3))],
        b: Annotated[int, Depends(Catalogue().size)],
        c: Annotated[int, Depends(answer)],
    ) -> list[int]:
        return [a, b, c]

    assert TestClient(app).get("/?a=1").json() == [4, 7, 42]


def test_the_order_is_from_the_application_inwards(
    recorded: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert TestClient(levels.app).get("/orders").status_code == 200
    recorded("order.txt", capsys.readouterr().out)


def test_the_order_is_the_same_for_websocket_endpoints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = FastAPI(dependencies=[Depends(levels.say("application"))])
    router = APIRouter(dependencies=[Depends(levels.say("router"))])

    @router.websocket("/", dependencies=[Depends(levels.say("decorator"))])
    async def endpoint(
        websocket: WebSocket, value: Annotated[None, Depends(levels.parameter)]
    ) -> None:
        await websocket.accept()
        await websocket.close()

    include = Depends(levels.say("include_router"))
    app.include_router(router, dependencies=[include])
    with TestClient(app).websocket_connect("/"):
        pass
    assert capsys.readouterr().out.splitlines() == [
        "application",
        "include_router",
        "router",
        "decorator",
        "sub-dependency",
        "parameter",
    ]


def test_dependencies_run_one_after_another() -> None:
    events: list[str] = []

    def slow(name: str) -> Any:
        async def dependency() -> None:
            events.append(f"{name} starts")
            await asyncio.sleep(0)
            events.append(f"{name} ends")

        return Depends(dependency)

    app = FastAPI()

    @app.get("/", dependencies=[slow("first"), slow("second")])
    def read() -> None:
        pass

    TestClient(app).get("/")
    assert events == ["first starts", "first ends", "second starts", "second ends"]


def application_that_refuses() -> FastAPI:
    def refuse() -> None:
        raise HTTPException(403)

    return FastAPI(dependencies=[Depends(refuse)])


def test_application_dependencies_spare_404_and_docs_and_mounted_applications() -> None:
    app = application_that_refuses()
    inner = FastAPI()

    @app.get("/orders")
    @inner.get("/orders")
    def read_orders() -> None:
        pass

    app.mount("/inner", inner)
    client = TestClient(app)
    answers = {
        path: client.get(path).status_code
        for path in ["/orders", "/none", "/docs", "/openapi.json", "/inner/orders"]
    }
    assert answers == {
        "/orders": 403,
        "/none": 404,
        "/docs": 200,
        "/openapi.json": 200,
        "/inner/orders": 200,
    }


@pytest.mark.since(fastapi="0.139.0")
def test_application_dependencies_guard_websockets_and_frontend_files(
    tmp_path: Path,
) -> None:
    (tmp_path / "index.html").write_text("<h1>Shop</h1>")
    app = application_that_refuses()
    app.frontend("/shop", directory=tmp_path)
    reached = False

    @app.websocket("/prices")
    async def prices(websocket: WebSocket) -> None:
        nonlocal reached
        reached = True

    client = TestClient(app)
    assert client.get("/shop/").status_code == 403
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect("/prices"),
    ):
        pass
    assert denied.value.status_code == 403
    assert not reached
    assert client.get("/shop/unknown").status_code == 403
    assert client.get("/unknown").status_code == 404


def test_include_router_adds_dependencies_to_this_inclusion_only() -> None:
    router = APIRouter()

    @router.get("/orders")
    def read_orders() -> None:
        pass

    def refuse() -> None:
        raise HTTPException(403)

    app = FastAPI()
    app.include_router(router, prefix="/public")
    app.include_router(router, prefix="/admin", dependencies=[Depends(refuse)])
    client = TestClient(app)
    assert client.get("/public/orders").status_code == 200
    assert client.get("/admin/orders").status_code == 403


class Failing:
    """An application that says which of its dependencies ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.app = FastAPI()

        def first() -> None:
            self.ran.append("first")

        def with_parameter(page: int) -> None:
            self.ran.append("with_parameter")

        def above(value: Annotated[None, Depends(with_parameter)]) -> None:
            self.ran.append("above")

        def token(authorization: Annotated[str | None, Header()] = None) -> None:
            self.ran.append("token")
            if authorization is None:
                raise HTTPException(401)

        def last() -> None:
            self.ran.append("last")

        @self.app.post(
            "/orders",
            dependencies=[
                Depends(dependency) for dependency in (first, above, token, last)
            ],
        )
        def create(order: dict[str, int]) -> None:
            self.ran.append("path operation")

    def post(self, path: str, content: str, **headers: str) -> int:
        headers["Content-Type"] = "application/json"
        client = TestClient(self.app)
        return client.post(path, content=content, headers=headers).status_code


def test_a_dependency_that_raises_ends_the_request_there() -> None:
    failing = Failing()
    assert failing.post("/orders?page=1", '{"id": 7}') == 401
    assert failing.ran == ["first", "with_parameter", "above", "token"]


def test_an_invalid_parameter_skips_its_dependency_and_what_depends_on_it() -> None:
    failing = Failing()
    assert failing.post("/orders", '{"id": 7}', Authorization="x") == 422
    assert failing.ran == ["first", "token", "last"]


def test_a_dependency_that_raises_comes_before_the_422_of_a_parameter() -> None:
    failing = Failing()
    assert failing.post("/orders", '{"id": "seven"}') == 401


def test_broken_json_is_refused_before_any_dependency_runs() -> None:
    failing = Failing()
    assert failing.post("/orders?page=1", "{", Authorization="x") == 422
    assert failing.ran == []


def test_the_body_of_a_dependency_is_parsed_before_any_dependency_runs_too() -> None:
    app = application_that_refuses()

    def order(item: Annotated[str, Body(embed=True)]) -> str:
        return item

    app.post("/orders", dependencies=[Depends(order)])(lambda: None)
    client = TestClient(app)
    assert client.post("/orders", json={"item": "lamp"}).status_code == 403
    headers = {"Content-Type": "application/json"}
    assert client.post("/orders", content="{", headers=headers).status_code == 422


def test_a_body_that_cannot_be_decoded_is_a_400_before_any_dependency_runs() -> None:
    failing = Failing()
    content = '{"id": "\xff"}'.encode("latin-1")
    headers = {"Content-Type": "application/json", "Authorization": "x"}
    client = TestClient(failing.app)
    response = client.post("/orders?page=1", content=content, headers=headers)
    assert (response.status_code, failing.ran) == (400, [])


def test_routes_of_starlette_and_wrong_methods_are_not_guarded() -> None:
    app = application_that_refuses()

    async def plain(request: Request) -> PlainTextResponse:
        return PlainTextResponse("open")

    app.add_route("/plain", plain)
    app.get("/orders")(lambda: None)
    client = TestClient(app)
    assert client.get("/plain").text == "open"
    assert client.post("/orders").status_code == 405
    assert client.get("/orders").status_code == 403


def test_the_whole_body_is_read_before_the_first_dependency_runs() -> None:
    failing = Failing()
    chunks = [b'{"id": ', b"7}"]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        assert failing.ran == []
        body = chunks.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(chunks)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/orders",
        "query_string": b"page=1",
        "headers": [(b"content-type", b"application/json")],
    }
    asyncio.run(failing.app(scope, receive, send))
    assert sent[0]["status"] == 401
    assert chunks == []


def test_without_depends_the_client_sends_the_user_itself(recorded: Recorder) -> None:
    request = '{"name":"bob"}'
    response = TestClient(wrong_forgotten_depends.app).request(
        "DELETE",
        "/account",
        content=request,
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 200
    recorded(
        "forgotten_depends.http",
        "DELETE /account HTTP/1.1\nContent-Type: application/json\n\n"
        f"{request}\n\nHTTP/1.1 {response.status_code} OK\n\n{response.text}",
    )


def test_with_depends_the_dependency_decides_who_the_user_is() -> None:
    client = TestClient(account.app)
    assert client.request("DELETE", "/account", json={"name": "bob"}).status_code == 401
    response = client.request("DELETE", "/account", json={"name": "bob"}, headers=TOKEN)
    assert response.json() == "alice deleted"


def test_a_returned_user_is_sent_with_every_field(recorded: Recorder) -> None:
    response = TestClient(wrong_returned_user.app).get("/users/me")
    assert response.status_code == 200
    recorded("returned_user.json", response.text)


def test_the_public_model_as_the_return_type_filters_the_user() -> None:
    assert TestClient(public_user.app).get("/users/me").json() == {"name": "alice"}


def test_without_a_return_type_every_field_is_sent_as_well() -> None:
    app = FastAPI()

    @app.get("/users/me", response_model=None)
    def read_user_me(current_user: wrong_returned_user.CurrentUser) -> Any:
        return current_user

    assert "hashed_password" in TestClient(app).get("/users/me").json()


@pytest.mark.since(fastapi="0.164.0")
def test_max_body_size_refuses_a_large_body_before_the_first_dependency() -> None:
    app = FastAPI(max_body_size=10)
    ran: list[str] = []

    def first() -> None:
        ran.append("first")

    @app.post("/orders", dependencies=[Depends(first)])
    def create(order: dict[str, str]) -> None:
        pass

    client = TestClient(app)
    assert client.post("/orders", json={"item": "x" * 100}).status_code == 413
    assert ran == []
    assert client.post("/orders", json={}).status_code == 200
    assert ran == ["first"]
