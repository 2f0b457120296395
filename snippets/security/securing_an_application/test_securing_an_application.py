import logging
import pkgutil
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
import starlette.middleware
from fastapi import (
    APIRouter,
    Body,
    Depends,
    FastAPI,
    HTTPException,
    Request,
    Response,
    WebSocket,
)
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.middleware.httpsredirect import HTTPSRedirectMiddleware
from fastapi.responses import PlainTextResponse, RedirectResponse, StreamingResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field, SecretStr, TypeAdapter, ValidationError
from sqlalchemy import Connection, create_engine, text
from starlette.testclient import WebSocketDenialResponse
from starlette.types import Receive, Scope, Send

from snippets.security.securing_an_application import (
    error_reference,
    open_routes,
    protected_docs,
    secured,
    sql_parameters,
    wrong_app_dependencies,
    wrong_error_text,
    wrong_object_access,
    wrong_sql_text,
)

ALICE = {"Authorization": "Bearer alice-token"}
DOCS_PASSWORD = "correct horse battery"
INJECTION = "nobody' OR '1'='1"
Recorder = Callable[[str, str], None]
OF_THE_PROGRAM = dict(secured.INVOICES), dict(secured.TOKENS)


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch) -> None:
    invoice = secured.Invoice(owner="bob", amount=Decimal(10))
    monkeypatch.setattr(secured, "INVOICES", {1: invoice})
    monkeypatch.setattr(secured, "TOKENS", {})


def client(app: FastAPI = secured.app, **options: Any) -> TestClient:
    return TestClient(app, base_url="http://localhost", **options)


@pytest.fixture
def alice(monkeypatch: pytest.MonkeyPatch) -> None:
    secured.TOKENS["alice-token"] = secured.User(name="alice")
    bobs = wrong_object_access.Invoice(owner="bob", amount=10)
    monkeypatch.setattr(wrong_object_access, "INVOICES", {1: bobs})
    monkeypatch.setattr(wrong_object_access, "TOKENS", {"alice-token": "alice"})


def test_a_logged_in_user_reads_the_invoice_of_somebody_else(alice: None) -> None:
    wrong = client(wrong_object_access.app)
    assert wrong.get("/invoices/1").status_code == 401
    assert wrong.get("/invoices/1", headers=ALICE).json()["owner"] == "bob"


def test_the_invoice_of_somebody_else_is_not_found(alice: None) -> None:
    change = {"amount": 5}
    read = client().get("/invoices/1", headers=ALICE)
    changed = client().put("/invoices/1", headers=ALICE, json=change)
    missing = client().get("/invoices/2", headers=ALICE)
    assert [r.status_code for r in (read, changed, missing)] == [404] * 3
    assert read.json() == missing.json()
    assert secured.INVOICES[1].amount == 10


def test_ones_own_invoice_can_be_read_and_changed(alice: None) -> None:
    secured.INVOICES[1].owner = "alice"
    answer = client().put("/invoices/1", headers=ALICE, json={"amount": 5})
    assert answer.status_code == 200
    assert client().get("/invoices/1", headers=ALICE).json()["amount"] == "5"


def test_a_stranger_reaches_only_what_is_meant_to_be_open() -> None:
    assert open_routes.open_routes(secured.app) == {"GET /health"}


def test_a_new_path_operation_of_a_closed_router_is_closed() -> None:
    router = APIRouter(dependencies=secured.api.dependencies)

    @router.get("/new")
    async def new() -> None: ...

    app = FastAPI()
    app.include_router(router)
    assert client(app).get("/new").status_code == 401


def test_app_dependencies_cover_neither_the_docs_nor_a_mounted_application(
    recorded: Recorder,
) -> None:
    app = wrong_app_dependencies.app
    assert client(app).get("/items").status_code == 401
    assert client(app).get("/admin/users").json() == ["alice", "bob"]
    assert "/items" in client(app).get("/openapi.json").json()["paths"]
    recorded("open_routes.txt", "\n".join(sorted(open_routes.open_routes(app))))


def test_app_dependencies_cover_websockets_and_the_frontend(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("hello")

    def deny() -> None:
        raise HTTPException(401)

    app = FastAPI(dependencies=[Depends(deny)])
    app.frontend("/app", directory=tmp_path)

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()

    assert client(app).get("/app/index.html").status_code == 401
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        client(app).websocket_connect("/ws"),
    ):
        pass
    assert denied.value.status_code == 401


def test_the_docs_ask_for_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_DOCS_PASSWORD", DOCS_PASSWORD)
    protected_docs.get_settings.cache_clear()
    with client(protected_docs.app) as browser:
        assert browser.get("/items").status_code == 200
    for path in ("/docs", "/openapi.json"):
        stranger = browser.get(path)
        assert stranger.status_code == 401
        assert stranger.headers["WWW-Authenticate"] == "Basic"
        assert browser.get(path, auth=("any", "wrong")).status_code == 401
        assert browser.get(path, auth=("any", DOCS_PASSWORD)).status_code == 200
    assert browser.get("/redoc").status_code == 404
    protected_docs.get_settings.cache_clear()


@pytest.mark.parametrize("password", [None, "", "too short"])
def test_without_a_docs_password_of_16_characters_the_application_does_not_start(
    monkeypatch: pytest.MonkeyPatch, password: str | None
) -> None:
    monkeypatch.delenv("APP_DOCS_PASSWORD", raising=False)
    if password is not None:
        monkeypatch.setenv("APP_DOCS_PASSWORD", password)
    protected_docs.get_settings.cache_clear()
    with (
        pytest.raises(ValidationError, match=r"at least 16|Field required"),
        client(protected_docs.app),
    ):
        pass


def test_open_routes_runs_the_lifespan_and_reports_an_open_route_that_fails() -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        yield {"token": "alice-token"}

    def check(request: Request) -> None:
        if request.headers.get("Authorization") != request.state.token:
            raise HTTPException(401)

    app = FastAPI(openapi_url=None, lifespan=lifespan)

    @app.get("/closed", dependencies=[Depends(check)])
    async def closed() -> None: ...

    @app.get("/failing")
    async def failing() -> None:
        raise RuntimeError

    assert open_routes.open_routes(app) == {"GET /failing"}


def test_app_dependencies_do_not_cover_a_route_of_add_route() -> None:
    def plain(request: Request) -> PlainTextResponse:
        return PlainTextResponse("open")

    app = FastAPI(openapi_url=None, dependencies=[Depends(secured.current_user)])
    app.add_route("/plain", plain)
    assert client(app).get("/plain").text == "open"
    assert open_routes.open_routes(app) == {"GET /plain"}


def test_nan_from_a_user_is_a_500_and_from_a_stranger_a_401(alice: None) -> None:
    failing = client(raise_server_exceptions=False)
    nan = b'{"amount": NaN}'
    json_body = {"Content-Type": "application/json"}
    secured.INVOICES[1].owner = "alice"
    answer = failing.put("/invoices/1", headers=ALICE | json_body, content=nan)
    assert answer.status_code == 500
    assert failing.put("/invoices/1", headers=json_body, content=nan).status_code == 401


def test_open_routes_only_lists_what_it_cannot_call() -> None:
    app = FastAPI(openapi_url=None, dependencies=[Depends(secured.current_user)])

    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket) -> None: ...

    @app.get("/n/{number}")
    async def read(number: int) -> None: ...

    assert open_routes.open_routes(app) == {"MOUNT /ws"}


def test_open_routes_sees_no_frontend_and_may_report_a_closed_route(
    tmp_path: Path,
) -> None:
    (tmp_path / "index.html").write_text("hello")
    app = FastAPI(openapi_url=None)
    app.frontend("/ui", directory=tmp_path)
    assert client(app).get("/ui/index.html").text == "hello"
    assert open_routes.open_routes(app) == set()

    closed = FastAPI(openapi_url=None, dependencies=[Depends(secured.current_user)])

    @closed.get("/numbers/{number:int}")
    async def number(number: int) -> None: ...

    @closed.get("/tickets/{ticket:uuid}")
    async def ticket(ticket: UUID) -> None: ...

    assert client(closed).get(f"/tickets/{UUID(int=1)}").status_code == 401
    assert open_routes.open_routes(closed) == {"GET /tickets/{ticket:uuid}"}


def test_open_routes_sees_a_route_of_head_alone_and_reports_a_refusal_with_403() -> (
    None
):
    def require_user() -> None:
        raise HTTPException(403)

    app = FastAPI(openapi_url=None)

    @app.head("/file")
    async def file() -> None: ...

    @app.get("/page", dependencies=[Depends(require_user)])
    async def page() -> None: ...

    assert open_routes.open_routes(app) == {"HEAD /file", "GET /page"}


def test_open_routes_misses_an_open_route_where_the_path_with_a_1_is_closed() -> None:
    app = FastAPI(openapi_url=None)

    @app.get("/x/{number:int}", dependencies=[Depends(secured.current_user)])
    async def by_number(number: int) -> None: ...

    @app.get("/x/{name}")
    async def by_name(name: str) -> None: ...

    assert open_routes.open_routes(app) == set()
    assert client(app).get("/x/1").status_code == 401
    assert client(app).get("/x/abc").status_code == 200


def test_open_routes_reports_a_closed_route_that_refuses_with_a_redirect() -> None:
    def require_user() -> None:
        raise HTTPException(303, headers={"Location": "/login"})

    app = FastAPI(openapi_url=None)

    @app.get("/login")
    async def login() -> None: ...

    @app.get("/page", dependencies=[Depends(require_user)])
    async def page() -> None: ...

    assert open_routes.open_routes(app) == {"GET /login", "GET /page"}


def test_open_routes_reports_an_open_route_that_redirects_to_a_closed_one() -> None:
    app = FastAPI(openapi_url=None)
    app.add_middleware(HTTPSRedirectMiddleware)

    @app.get("/closed", dependencies=[Depends(secured.current_user)])
    async def closed() -> None: ...

    @app.get("/open")
    async def redirect() -> RedirectResponse:
        return RedirectResponse("/closed")

    assert open_routes.open_routes(app) == {"GET /open"}


def test_open_routes_waits_for_the_end_of_an_open_stream() -> None:
    app = FastAPI(openapi_url=None)
    sent: list[str] = []

    def stream() -> Iterator[str]:
        for chunk in ("first", "second", "last"):
            sent.append(chunk)
            yield chunk

    @app.get("/events")
    async def events() -> StreamingResponse:
        return StreamingResponse(stream())

    assert open_routes.open_routes(app) == {"GET /events"}
    assert sent == ["first", "second", "last"]


def test_the_program_as_it_stands_gives_these_three_answers(
    recorded: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoices, tokens = OF_THE_PROGRAM
    monkeypatch.setattr(secured, "INVOICES", invoices)
    monkeypatch.setattr(secured, "TOKENS", tokens)
    lines, codes = [], []
    for name, path, headers in (
        ("no token", "/invoices/2", {}),
        ("her own", "/invoices/2", ALICE),
        ("bob's", "/invoices/1", ALICE),
    ):
        answer = client().get(path, headers=headers)
        lines.append(f"{name:9} GET {path}  {answer.status_code} {answer.text}")
        codes.append(answer.status_code)
    assert codes == [401, 200, 404]
    recorded("invoices.txt", "\n".join(lines))


def test_hidden_docs_hide_no_endpoint(alice: None) -> None:
    secured.INVOICES[1].owner = "alice"
    assert client().get("/docs").status_code == 404
    assert client().get("/openapi.json").status_code == 404
    assert client().get("/invoices/1", headers=ALICE).status_code == 200


def test_the_body_is_parsed_before_the_user_is_known() -> None:
    headers = {"Content-Type": "application/json"}
    broken = client().put("/invoices/1", content="{", headers=headers)
    assert broken.status_code == 422
    assert broken.json()["detail"][0]["type"] == "json_invalid"
    assert client().put("/invoices/1", json={"amount": 5}).status_code == 401


def chunks() -> Iterator[bytes]:
    for _ in range(65):
        yield b" " * 1000


def test_a_body_over_the_limit_is_413_with_and_without_a_content_length() -> None:
    headers = {"Content-Type": "application/json"}
    known = client().put("/invoices/1", content=b" " * 65_000, headers=headers)
    chunked = client().put("/invoices/1", content=chunks(), headers=headers)
    assert (known.status_code, known.text) == (413, "Content Too Large")
    assert chunked.status_code == 413
    assert chunked.json() == {"detail": "Content Too Large"}


def test_without_max_body_size_any_body_is_read() -> None:
    app = FastAPI()

    @app.post("/")
    async def size(body: dict[str, str]) -> int:
        return len(body["text"])

    answer = client(app).post("/", json={"text": "x" * 5_000_000})
    assert answer.json() == 5_000_000


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.7:8000"])
def test_an_unknown_host_is_refused(host: str) -> None:
    answer = client().get("/health", headers={"Host": host})
    assert (answer.status_code, answer.text) == (400, "Invalid host header")


def test_the_test_client_sends_testserver_unless_it_has_a_base_url() -> None:
    assert TestClient(secured.app).get("/health").status_code == 400
    assert client().get("/health").status_code == 200


def test_the_headers_are_on_answers_and_on_ordinary_errors(alice: None) -> None:
    answers = [
        client().get("/health"),
        client().get("/nothing"),
        client().get("/invoices/1"),
        client().put("/invoices/1", headers=ALICE, json={}),
        client().get("/health", headers={"Host": "evil.example"}),
    ]
    assert [a.status_code for a in answers] == [200, 404, 401, 404, 400]
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Strict-Transport-Security" in answer.headers


def test_the_security_headers_reach_an_answer_without_a_list_of_headers() -> None:
    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    answer = TestClient(secured.SecurityHeaders(bare)).get("/")
    assert answer.status_code == 204
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_500_and_a_413_from_outside_the_middleware_have_no_security_headers() -> None:
    app = FastAPI(max_body_size=10)
    app.add_middleware(secured.SecurityHeaders)

    @app.get("/")
    async def fail() -> None:
        raise RuntimeError

    @app.post("/")
    async def read(body: dict[str, str]) -> None: ...

    failed = client(app, raise_server_exceptions=False).get("/")
    too_large = client(app).post("/", json={"text": "xxxxx"})
    assert [r.status_code for r in (failed, too_large)] == [500, 413]
    for answer in (failed, too_large):
        assert "X-Content-Type-Options" not in answer.headers


def test_an_endpoint_that_reads_no_body_has_run_when_the_413_is_sent() -> None:
    app = FastAPI(max_body_size=10)
    calls: list[str] = []

    @app.post("/")
    async def run() -> None:
        calls.append("ran")

    assert client(app).post("/", content=b"x" * 11).status_code == 413
    assert calls == ["ran"]


def test_a_chunked_body_that_nobody_reads_is_no_413() -> None:
    app = FastAPI(max_body_size=10)

    @app.post("/")
    async def run() -> str:
        return "ran"

    answer = client(app).post("/", content=iter([b"x" * 20]))
    assert (answer.status_code, answer.json()) == (200, "ran")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"amount": 5, "owner": "alice"}, "extra_forbidden"),
        ({"amount": -5}, "greater_than"),
        ({"amount": 1e9}, "less_than_equal"),
        ({"amount": "NaN"}, "finite_number"),
        ({"amount": 5, "note": "x" * 501}, "string_too_long"),
    ],
)
def test_the_model_refuses_unknown_keys_and_values_out_of_bounds(
    alice: None, body: dict[str, Any], error: str
) -> None:
    secured.INVOICES[1].owner = "alice"
    answer = client().put("/invoices/1", headers=ALICE, json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == error


def test_unknown_keys_are_ignored_by_default() -> None:
    class Change(BaseModel):
        amount: int

    assert Change.model_validate({"amount": 1, "owner": "x"}).model_dump() == {
        "amount": 1
    }


def without_folder(text: str) -> str:
    return re.sub(r'File ".*/', 'File "/srv/app/', text)


def test_the_text_of_an_error_shows_code_and_data() -> None:
    wrong = client(wrong_error_text.app, raise_server_exceptions=False)
    answer = wrong.get("/users/alice")
    assert answer.status_code == 500
    assert without_folder(answer.json()["detail"]) == (
        "1 validation error:\n"
        "  {'type': 'missing', 'loc': ('response', 'id'), 'msg': 'Field required', "
        "'input': {'name': 'alice', 'password_hash': '$argon2id$v=19$…'}}\n\n"
        '  File "/srv/app/wrong_error_text.py", line 23, in read_user\n'
        "    GET /users/{name}"
    )


def test_the_text_of_a_request_validation_error_shows_code_and_input() -> None:
    caught: list[Exception] = []
    app = FastAPI()

    @app.exception_handler(RequestValidationError)
    async def keep(request: object, exc: Exception) -> Response:
        caught.append(exc)
        return Response(status_code=422)

    @app.post("/login")
    async def log_in(pin: Annotated[int, Body(embed=True)]) -> None: ...

    client(app).post("/login", json={"pin": "hunter2"})
    shown = str(caught[0])
    assert "hunter2" in shown
    assert re.search(r'File ".*test_securing_an_application.py", line \d+', shown)
    assert "POST /login" in shown


def test_an_answer_with_a_reference_tells_the_log_and_not_the_client(
    caplog: pytest.LogCaptureFixture,
) -> None:
    right = client(error_reference.app, raise_server_exceptions=False)
    body = right.get("/users/alice").json()
    assert set(body) == {"detail", "reference"}
    assert body["detail"] == "Server error"
    record = next(r for r in caplog.records if r.name == "app")
    assert record.levelno == logging.ERROR
    assert body["reference"] in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[0] is ResponseValidationError
    assert "$argon2id" in str(record.exc_info[1])  # the log holds the data


def test_by_default_the_client_learns_nothing_and_with_debug_everything() -> None:
    def failing(debug: bool) -> str:
        app = FastAPI(debug=debug)

        @app.get("/")
        async def fail() -> None:
            raise RuntimeError("connect to db.internal")

        return client(app, raise_server_exceptions=False).get("/").text

    assert failing(debug=False) == "Internal Server Error"
    assert "connect to db.internal" in failing(debug=True)
    assert __file__ in failing(debug=True)


def test_a_secret_string_is_not_printed() -> None:
    settings = protected_docs.Settings(docs_password=SecretStr(DOCS_PASSWORD))
    assert DOCS_PASSWORD not in f"{settings!r} {settings} {settings.model_dump_json()}"
    assert settings.docs_password.get_secret_value() == DOCS_PASSWORD


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as opened:
        opened.execute(text("CREATE TABLE invoices (owner TEXT, note TEXT)"))
        opened.execute(text("INSERT INTO invoices VALUES ('bob', 'of bob')"))
        yield opened
    engine.dispose()


def test_text_with_an_f_string_gives_the_rows_of_others(connection: Connection) -> None:
    assert wrong_sql_text.notes_of(connection, "nobody") == []
    assert wrong_sql_text.notes_of(connection, INJECTION) == ["of bob"]


def test_a_bound_parameter_is_compared_and_not_executed(connection: Connection) -> None:
    assert sql_parameters.notes_of(connection, "bob") == ["of bob"]
    assert sql_parameters.notes_of(connection, INJECTION) == []


def test_valid_input_can_still_be_an_injection(connection: Connection) -> None:
    name = TypeAdapter(Annotated[str, Field(max_length=50)])
    valid = name.validate_python(INJECTION)
    assert wrong_sql_text.notes_of(connection, valid) == ["of bob"]


def test_nothing_limits_the_number_of_login_attempts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APP_DOCS_PASSWORD", DOCS_PASSWORD)
    protected_docs.get_settings.cache_clear()
    browser = client(protected_docs.app)
    guesses = [browser.get("/docs", auth=("any", str(n))) for n in range(100)]
    assert {answer.status_code for answer in guesses} == {401}
    assert browser.get("/docs", auth=("any", DOCS_PASSWORD)).status_code == 200
    protected_docs.get_settings.cache_clear()


def test_no_middleware_of_starlette_limits_rates_or_sets_security_headers() -> None:
    names = {
        module.name for module in pkgutil.iter_modules(starlette.middleware.__path__)
    }
    assert "trustedhost" in names
    assert not [name for name in names if re.search("rate|thrott|secur|header", name)]
