import asyncio
import json
import threading
from importlib.metadata import requires
from typing import Annotated, Any

import pytest
from a2wsgi import WSGIMiddleware
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    HTTPException,
    Response,
)
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse
from fastapi.security import OAuth2PasswordBearer
from fastapi.testclient import TestClient
from flask import Blueprint, Flask, abort, redirect, request, session
from pydantic import BaseModel, ValidationError

from snippets.foundations.fastapi_and_flask import (
    fastapi_orders,
    flask_async_view,
    flask_orders,
    flask_with_pydantic,
    http_exception,
    wrong_tuple_status,
)

PATIENCE = 30.0
JSON = {"Content-Type": "application/json"}
BODIES = [
    {"item": "tea", "boxes": 2},
    {"item": "tea", "boxes": "2"},
    {"item": "tea", "boxes": "two"},
    {"item": "tea"},
]


def flask_answer(app: Flask, body: Any) -> tuple[int, str]:
    response = app.test_client().post("/orders", json=body)
    return response.status_code, response.text


def test_what_both_answer_to_right_and_wrong_types(recorded: Any) -> None:
    lines = []
    for body in BODIES:
        status, text = flask_answer(flask_orders.app, body)
        shown = text.strip() if status < 400 else "KeyError in the log"
        lines += [json.dumps(body), f"  Flask    {status} {shown}"]
        answer = TestClient(fastapi_orders.app).post("/orders", json=body)
        shown = answer.text if answer.is_success else answer.json()["detail"][0]["msg"]
        lines += [f"  FastAPI  {answer.status_code} {shown}"]
    recorded("answers.txt", "\n".join(lines))


def test_flask_passes_a_wrong_type_through() -> None:
    status, text = flask_answer(flask_orders.app, {"item": "tea", "boxes": "2"})
    assert (status, json.loads(text)["pieces"]) == (201, "222222")


def test_a_missing_field_is_a_500_in_flask_without_validation() -> None:
    assert flask_answer(flask_orders.app, {"item": "tea"})[0] == 500
    context = flask_orders.app.test_request_context(json={"item": "tea"}, method="POST")
    with context, pytest.raises(KeyError, match="boxes"):
        flask_orders.create_order()


def test_flask_itself_refuses_a_body_that_is_not_json() -> None:
    client = flask_orders.app.test_client()
    assert client.post("/orders", data="tea").status_code == 415
    assert client.post("/orders", data="{", headers=JSON).status_code == 400


def test_fastapi_converts_text_and_ignores_unknown_fields_by_default() -> None:
    client = TestClient(fastapi_orders.app)
    body = {"item": "tea", "boxes": "2", "colour": "red"}
    assert client.post("/orders", json=body).json() == {"item": "tea", "pieces": 12}


def test_flask_with_pydantic_answers_422_too() -> None:
    for body, status in zip(BODIES, (201, 201, 422, 422), strict=True):
        assert flask_answer(flask_with_pydantic.app, body)[0] == status


@pytest.mark.parametrize(
    ("body", "content_type", "in_flask", "in_fastapi"),
    [
        (b'{"item":', "application/json", 400, 422),
        (b"", "application/json", 400, 422),
        (b'{"item": "\xff"}', "application/json", 400, 400),
        (b'{"item": "tea", "boxes": 2}', "text/plain", 415, 422),
        (b'{"item": "tea", "boxes": 2}', None, 415, 422),
        (b'{"item": "\xff"}', "text/plain", 415, 500),
        (b'{"item": "tea", "boxes": NaN}', "application/json", 422, 500),
        (b"[1]", "application/json", 422, 422),
        (
            b'{"item": "tea", "boxes": %s}' % (4_300 * b"9"),
            "application/json",
            422,
            422,
        ),
    ],
)
def test_what_both_answer_to_a_body_that_is_not_json(
    body: bytes, content_type: str | None, in_flask: int, in_fastapi: int
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    flask_client = flask_with_pydantic.app.test_client()
    flask_status = flask_client.post("/orders", data=body, headers=headers).status_code
    client = TestClient(fastapi_orders.app, raise_server_exceptions=False)
    status = client.post("/orders", content=body, headers=headers).status_code
    assert (flask_status, status) == (in_flask, in_fastapi)


def test_flask_makes_no_openapi_document() -> None:
    assert flask_with_pydantic.app.test_client().get("/openapi.json").status_code == 404
    assert TestClient(fastapi_orders.app).get("/openapi.json").status_code == 200


def test_openapi_is_a_document_and_swagger_ui_one_of_two_pages_that_show_it() -> None:
    client = TestClient(fastapi_orders.app)
    assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
    assert "SwaggerUIBundle" in client.get("/docs").text
    assert "redoc" in client.get("/redoc").text
    no_pages = TestClient(FastAPI(docs_url=None, redoc_url=None))
    assert no_pages.get("/docs").status_code == 404
    assert no_pages.get("/openapi.json").status_code == 200


def test_flask_converts_parts_of_the_path_but_not_by_annotation() -> None:
    app = Flask("paths")

    @app.get("/converted/<int:number>")
    def converted(number: int) -> str:
        return type(number).__name__

    @app.get("/annotated/<number>")
    def annotated(number: int) -> str:
        return type(number).__name__

    client = app.test_client()
    assert client.get("/converted/7").text == "int"
    assert client.get("/converted/seven").status_code == 404
    assert client.get("/annotated/7").text == "str"


def test_the_int_converter_of_flask_refuses_negative_numbers() -> None:
    old = Flask("old")
    old.route("/<int:number>")(lambda number: str(number))
    assert old.test_client().get("/-7").status_code == 404
    new = FastAPI()

    @new.get("/{number}")
    def read(number: int) -> int:
        return number

    assert TestClient(new).get("/-7").json() == -7


def test_an_error_of_pydantic_elsewhere_is_not_the_clients() -> None:
    app = flask_with_pydantic.app

    def fail() -> Any:
        try:
            flask_with_pydantic.Order.model_validate({})
        except ValidationError as error:
            return app.handle_user_exception(error)

    with app.test_request_context("/orders"), pytest.raises(ValidationError):
        fail()


def test_head_for_a_get_route_is_a_405_in_fastapi_alone() -> None:
    old, new = Flask("old"), FastAPI()
    old.get("/")(lambda: "root")
    new.get("/")(lambda: "root")
    assert old.test_client().head("/").status_code == 200
    assert TestClient(new).head("/").status_code == 405


def test_flask_takes_the_default_for_a_query_value_it_cannot_convert() -> None:
    app = Flask("queries")

    @app.get("/")
    def page() -> dict[str, int]:
        return {"page": request.args.get("page", 1, type=int)}

    assert app.test_client().get("/?page=two").json == {"page": 1}
    new = FastAPI()

    @new.get("/")
    def typed(page: int = 1) -> int:
        return page

    assert TestClient(new).get("/?page=two").status_code == 422


def async_views() -> tuple[Flask, list[Any]]:
    seen: list[Any] = []
    app = Flask("async")

    @app.get("/")
    async def view() -> str:
        seen.append((asyncio.get_running_loop(), threading.current_thread()))
        return "done"

    return app, seen


def test_flask_runs_each_async_view_in_a_new_event_loop_in_another_thread() -> None:
    app, seen = async_views()
    client = app.test_client()
    client.get("/")
    client.get("/")
    (first_loop, first_thread), (second_loop, second_thread) = seen
    assert first_loop is not second_loop
    assert first_loop.is_closed()
    assert second_loop.is_closed()
    assert threading.current_thread() not in (first_thread, second_thread)


def test_the_worker_waits_for_flasks_async_view() -> None:
    app = Flask("async")
    finished: list[str] = []

    @app.get("/")
    async def view() -> str:
        await asyncio.sleep(0)
        finished.append("view")
        return "done"

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "test"}
    environ |= {"SERVER_PORT": "80", "wsgi.url_scheme": "http"}
    start: Any = lambda *arguments: None  # noqa: E731
    body = app.wsgi_app(environ, start)  # one synchronous call
    assert finished == ["view"]
    assert b"".join(body) == b"done"


def test_a_task_left_behind_by_flasks_async_view_is_cancelled() -> None:
    app = Flask("async")
    ends: list[str] = []

    async def background() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    tasks: list[asyncio.Task[None]] = []

    @app.get("/")
    async def view() -> str:
        tasks.append(asyncio.create_task(background()))
        await asyncio.sleep(0)
        return "done"

    app.test_client().get("/")
    assert ends == ["cancelled"]


def test_an_async_view_makes_its_own_calls_at_the_same_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = asyncio.Barrier(2)

    async def fetch(name: str) -> str:
        await asyncio.wait_for(both.wait(), PATIENCE)  # one alone would time out
        return name

    monkeypatch.setattr(flask_async_view, "fetch", fetch)
    client = flask_async_view.app.test_client()
    assert client.get("/prices").json == ["tea", "coffee"]


def test_async_views_are_an_extra_of_flask() -> None:
    assert any(
        line.startswith("asgiref") and 'extra == "async"' in line
        for line in requires("flask") or []
    )


def test_flask_brings_templates_and_signed_cookie_sessions() -> None:
    needs = " ".join(requires("flask") or []).lower()
    assert "jinja2" in needs
    assert "itsdangerous" in needs
    app = Flask("sessions")
    app.secret_key = "x" * 32

    @app.get("/")
    def visits() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return str(session["visits"])

    client = app.test_client()
    assert [client.get("/").text, client.get("/").text] == ["1", "2"]


def test_neither_brings_celery() -> None:
    for package in ("fastapi", "flask"):
        assert "celery" not in " ".join(requires(package) or []).lower()


def test_background_tasks_run_in_the_process_of_the_request() -> None:
    app = FastAPI()
    events: list[str] = []

    @app.post("/")
    async def endpoint(tasks: BackgroundTasks) -> None:
        tasks.add_task(events.append, "task")
        events.append("endpoint")

    TestClient(app).post("/")
    assert events == ["endpoint", "task"]  # in this process: the list is shared


def test_the_oauth2_class_reads_a_token_and_checks_nothing() -> None:
    app = FastAPI()
    scheme = OAuth2PasswordBearer(tokenUrl="token")

    @app.get("/me")
    async def me(token: Annotated[str, Depends(scheme)]) -> str:
        return token

    client = TestClient(app)
    assert client.get("/me").status_code == 401
    header = {"Authorization": "Bearer anything"}
    assert client.get("/me", headers=header).json() == "anything"
    assert client.post("/token").status_code == 404


def test_the_rows_of_the_migration_table_answer_alike() -> None:
    old = Flask("old")
    blueprint = Blueprint("shop", "shop", url_prefix="/shop")

    @blueprint.route("/orders", methods=["POST"])
    def flask_create() -> tuple[Any, int]:
        return request.get_json()["item"], 201

    @blueprint.route("/orders/<int:order_id>")
    def flask_read(order_id: int) -> dict[str, Any]:
        if order_id != 7:
            abort(404)
        return {"id": order_id, "size": request.args.get("size", "small")}

    old.register_blueprint(blueprint)
    new = FastAPI()
    router = APIRouter(prefix="/shop")

    class NewOrder(BaseModel):
        item: str

    @router.post("/orders", status_code=201, response_class=PlainTextResponse)
    def create(order: NewOrder) -> str:
        return order.item

    @router.get("/orders/{order_id}")
    def read(order_id: int, size: str = "small") -> dict[str, Any]:
        if order_id != 7:
            raise HTTPException(404)
        return {"id": order_id, "size": size}

    new.include_router(router)
    flask_client, client = old.test_client(), TestClient(new)
    answers = (
        flask_client.post("/shop/orders", json={"item": "tea"}),
        client.post("/shop/orders", json={"item": "tea"}),
    )
    assert [(a.status_code, a.text) for a in answers] == [(201, "tea")] * 2
    for url in ("/shop/orders/7", "/shop/orders/7?size=big"):
        assert flask_client.get(url).json == client.get(url).json()
    for app_client in (flask_client, client):
        assert app_client.get("/shop/orders/8").status_code == 404
    assert flask_client.get("/shop/orders/x").status_code == 404
    assert client.get("/shop/orders/x").status_code == 422


def test_before_request_guards_all_and_a_dependency_of_the_application_its_routes() -> (
    None
):
    def refuse() -> None:
        raise HTTPException(401)

    old, new = Flask("old"), FastAPI(dependencies=[Depends(refuse)])
    old.before_request(lambda: abort(401))
    old.get("/orders")(lambda: "tea")
    new.get("/orders")(lambda: "tea")
    new.mount("/old", PlainTextResponse("tea"))
    flask_client, client = old.test_client(), TestClient(new)
    for path in ("/orders", "/static/logo.png", "/nothing"):
        assert flask_client.get(path).status_code == 401
    assert client.get("/orders").status_code == 401
    for path in ("/docs", "/old/orders"):
        assert client.get(path).status_code == 200


def test_what_before_request_returns_is_the_answer_and_what_a_dependency_returns_not() -> (
    None
):
    def check() -> Any:
        return RedirectResponse("/login")

    old, new = Flask("old"), FastAPI(dependencies=[Depends(check)])
    old.before_request(lambda: redirect("/login"))
    old.get("/orders")(lambda: "tea")
    new.get("/orders")(lambda: "tea")
    assert old.test_client().get("/orders").status_code == 302
    assert TestClient(new).get("/orders").json() == "tea"


def test_flask_can_be_mounted_in_fastapi() -> None:
    app = FastAPI()
    app.mount("/old", WSGIMiddleware(flask_orders.app))
    answer = TestClient(app).post("/old/orders", json={"item": "tea", "boxes": 2})
    assert answer.status_code == 201


def test_flask_stands_on_werkzeug_and_jinja() -> None:
    needs = " ".join(requires("flask") or []).lower()
    assert "werkzeug" in needs
    assert "jinja2" in needs


def test_four_ways_to_set_a_status_in_fastapi() -> None:
    app = FastAPI()

    @app.get("/decorator", status_code=202)
    def decorator() -> None: ...

    @app.get("/parameter")
    def parameter(response: Response) -> None:
        response.status_code = 202

    @app.get("/response")
    def returned() -> JSONResponse:
        return JSONResponse({}, status_code=202)

    @app.get("/exception")
    def raised() -> None:
        raise HTTPException(202)

    client = TestClient(app)
    for path in ("decorator", "parameter", "response", "exception"):
        assert client.get(f"/{path}").status_code == 202


def test_a_tuple_is_sent_as_a_json_list_with_status_200() -> None:
    response = TestClient(wrong_tuple_status.app).get("/orders/8")
    assert response.status_code == 200
    assert response.json() == [{"error": "no such order"}, 404]


def test_an_http_exception_sets_the_status() -> None:
    client = TestClient(http_exception.app)
    assert client.get("/orders/7").json() == {"item": "tea"}
    assert client.get("/orders/8").status_code == 404


def test_a_tuple_with_status_is_a_500_where_a_dict_is_declared() -> None:
    app = FastAPI()

    @app.get("/orders")
    async def read_order() -> dict[str, str]:
        return {"error": "no such order"}, 404  # type: ignore[return-value]

    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/orders").status_code == 500


def test_a_tuple_with_status_is_a_200_where_a_response_is_declared() -> None:
    app = FastAPI()

    @app.get("/orders")
    async def read_order() -> Response:
        return {"error": "no such order"}, 404  # type: ignore[return-value]

    response = TestClient(app).get("/orders")
    assert response.status_code == 200
    assert response.json() == [{"error": "no such order"}, 404]


def test_extremely_deep_nesting_is_a_500_in_flask() -> None:
    client = flask_with_pydantic.app.test_client()
    body = b"[" * 100_000
    answer = client.post("/orders", data=body, content_type="application/json")
    assert answer.status_code == 500
