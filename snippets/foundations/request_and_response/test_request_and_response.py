import asyncio
import importlib
import pkgutil
import re
import socket
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import fastapi
import httpx2
import pytest
import starlette
from fastapi import (
    Body,
    Depends,
    FastAPI,
    Form,
    Header,
    HTTPException,
    Request,
    UploadFile,
)
from fastapi.exceptions import ResponseValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

from snippets.conftest import clients_that_do_not_read
from snippets.foundations.request_and_response import (
    cached_result,
    head_and_get_health,
    trace_of_a_request,
    wrong_cached_coroutine,
    wrong_get_health,
)

PATIENCE = 30.0
JSON = {"Content-Type": "application/json"}


class Trace:
    """What the program printed since it was last asked."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def steps(self) -> list[str]:
        return [line[15:] for line in self.capsys.readouterr().out.splitlines()]


@pytest.fixture
def trace(capsys: pytest.CaptureFixture[str]) -> Trace:
    return Trace(capsys)


def client() -> TestClient:
    return TestClient(trace_of_a_request.app)


def test_the_steps_of_a_request(
    capsys: pytest.CaptureFixture[str], recorded: Any
) -> None:
    response = client().post("/orders", json={"quantity": 2})
    recorded("trace.txt", capsys.readouterr().out)
    lines = ["POST /orders", '{"quantity": 2}', ""]
    lines.append(f"{response.status_code} {response.reason_phrase}")
    recorded("exchange.http", "\n".join([*lines, response.text]))


def test_a_request_scoped_dependency_exits_after_the_background_tasks(
    trace: Trace,
) -> None:
    client().post("/orders", json={"quantity": 2})
    order = trace.steps()
    assert (
        order.index("lock: after yield")
        < order.index("send http.response.start")
        < order.index("send http.response.body")
        < order.index("background task")
        < order.index("session: after yield")
        < order.index("middleware, done")
    )


def test_dependencies_run_although_the_body_turns_out_to_be_invalid(
    trace: Trace,
) -> None:
    assert client().post("/orders", json={}).status_code == 422
    steps = trace.steps()
    assert "session: before yield" in steps
    assert "session: after yield" in steps
    assert "path operation function" not in steps


def test_a_failed_validation_skips_the_code_after_yield_unless_it_is_in_finally() -> (
    None
):
    exits: list[str] = []

    async def careless() -> AsyncIterator[None]:
        yield
        exits.append("after yield")

    async def careful() -> AsyncIterator[None]:
        try:
            yield
        finally:
            exits.append("finally")

    app = FastAPI()

    @app.get("/", dependencies=[Depends(careless), Depends(careful)])
    async def read(number: int) -> None: ...

    assert TestClient(app).get("/").status_code == 422
    assert exits == ["finally"]


@pytest.mark.parametrize("failing", ["dependency", "function", "result", "exit"])
def test_an_exception_is_raised_in_each_waiting_dependency_and_then_handled(
    failing: str,
) -> None:
    class Failure(Exception):
        pass

    seen: list[str] = []

    async def waiting() -> AsyncIterator[None]:
        try:
            yield
        except (Failure, ResponseValidationError) as error:
            seen.append(type(error).__name__)
            raise

    async def second() -> AsyncIterator[None]:
        if failing == "dependency":
            raise Failure
        yield
        if failing == "exit":
            raise Failure

    app = FastAPI()

    @app.exception_handler(Failure)
    @app.exception_handler(ResponseValidationError)
    async def handle(request: Any, error: Exception) -> JSONResponse:
        return JSONResponse({"handled": True}, status_code=503)

    @app.get(
        "/",
        response_model=int,
        dependencies=[Depends(waiting), Depends(second, scope="function")],
    )
    async def read() -> Any:
        if failing == "function":
            raise Failure
        return "no number" if failing == "result" else 1

    assert TestClient(app).get("/").json() == {"handled": True}
    assert len(seen) == 1


def test_malformed_json_is_refused_before_any_dependency_runs(
    trace: Trace,
) -> None:
    response = client().post("/orders", content=b"{", headers=JSON)
    assert response.status_code == 422
    assert response.json()["detail"][0]["type"] == "json_invalid"
    steps = trace.steps()
    assert "receive http.request" in steps
    assert "session: before yield" not in steps


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422),
        (b'{"quantity": "\xff"}', 400),
        (b"[" * 100_000, 400),
        (b'{"quantity": ' + b"1" * 5_000 + b"}", 400),
        (b'{"quantity": NaN}', 500),
        (b'{"quantity": 1e999}', 500),
        (b'{"quantity": "\\ud800"}', 500),
    ],
)
def test_not_every_bad_body_is_a_422(body: bytes, status: int) -> None:
    caller = TestClient(trace_of_a_request.app, raise_server_exceptions=False)
    answer = caller.post("/orders", content=body, headers=JSON)
    assert answer.status_code == status


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_in_other_unicode_encodings_is_read(encoding: str) -> None:
    body = '{"quantity": 2}'.encode(encoding)
    assert client().post("/orders", content=body, headers=JSON).status_code == 200


@pytest.mark.parametrize("content_type", [None, "text/plain", "image/png"])
def test_bytes_that_are_not_sent_as_json_are_a_422_or_a_500(
    content_type: str | None,
) -> None:
    caller = TestClient(trace_of_a_request.app, raise_server_exceptions=False)
    headers = {"Content-Type": content_type} if content_type else {}
    answers = [
        caller.post("/orders", content=body, headers=headers)
        for body in (b'{"quantity": 2}', b'{"quantity": "\xff"}')
    ]
    assert [answer.status_code for answer in answers] == [422, 500]


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"text=\xff", "application/x-www-form-urlencoded", "\u00ff"),
        (b"text=%FF", "application/x-www-form-urlencoded", "\ufffd"),
        (
            b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\r\n--x--',
            "multipart/form-data; boundary=x",
            "\u00ff",
        ),
    ],
)
def test_a_form_turns_bytes_that_are_not_utf_8_into_other_characters(
    body: bytes, content_type: str, text: str
) -> None:
    app = FastAPI()

    @app.post("/")
    async def read(text: Annotated[str, Form()]) -> str:
        return text

    headers = {"Content-Type": content_type}
    answer = TestClient(app).post("/", content=body, headers=headers)
    assert answer.json() == text


@pytest.mark.parametrize("body", [b"{", b'"\xff"'])
def test_request_json_in_own_code_raises(body: bytes) -> None:
    app = FastAPI()

    @app.post("/")
    async def read(request: Request) -> Any:
        return await request.json()

    caller = TestClient(app, raise_server_exceptions=False)
    assert caller.post("/", content=body, headers=JSON).status_code == 500


def test_the_body_is_not_read_where_none_is_declared() -> None:
    received: list[str] = []
    app = FastAPI()
    app.get("/")(lambda: None)

    async def spy(scope: Any, receive: Any, send: Any) -> None:
        async def traced_receive() -> Any:
            received.append("receive")
            return await receive()

        await app(scope, traced_receive, send)

    assert TestClient(spy).get("/").status_code == 200
    assert received == []


def test_a_401_of_a_dependency_comes_before_the_422_of_the_body() -> None:
    async def user() -> None:
        raise HTTPException(401)

    app = FastAPI()

    class Order(BaseModel):
        quantity: int

    @app.post("/orders", dependencies=[Depends(user)])
    async def create(order: Order) -> None: ...

    assert TestClient(app).post("/orders", json={}).status_code == 401


def test_a_422_names_the_errors_of_all_places_at_once() -> None:
    async def page(limit: int) -> int:
        raise AssertionError("a dependency with invalid parameters is not called")

    app = FastAPI()

    class Order(BaseModel):
        quantity: int

    @app.post("/users/{user_id}/orders")
    async def create(
        user_id: int,
        order: Order,
        dry_run: bool,
        x_request: Annotated[int, Header()],
        page: Annotated[int, Depends(page)],
    ) -> None: ...

    response = TestClient(app).post(
        "/users/x/orders?dry_run=maybe&limit=many",
        json={"quantity": "two"},
        headers={"X-Request": "y"},
    )
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["detail"]] == [
        ["query", "limit"],
        ["path", "user_id"],
        ["query", "dry_run"],
        ["header", "x-request"],
        ["body", "quantity"],
    ]


def test_404_405_and_307_come_from_the_router(trace: Trace) -> None:
    caller = TestClient(trace_of_a_request.app, follow_redirects=False)
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("DELETE", "/orders", 405),
        ("POST", "/orders/", 307),
    ):
        assert caller.request(method, path).status_code == status
        steps = trace.steps()
        assert steps[0] == "middleware, inwards"
        assert "session: before yield" not in steps


@pytest.mark.parametrize(
    ("request_of_client", "called"),
    [
        (b"POST / nonsense\r\n\r\n", []),
        (b"POST / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n", []),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
            ["http.disconnect"],
        ),
    ],
    ids=["request line", "header", "chunk"],
)
def test_the_server_answers_400_and_for_a_broken_chunk_it_has_called_the_application(
    request_of_client: bytes, called: list[str], serve: Any
) -> None:
    received: list[str] = []
    ended = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.append((await receive())["type"])
        ended.set()

    with serve(app, lifespan="off") as (url, _):
        address = (httpx2.URL(url).host, httpx2.URL(url).port)
        with socket.create_connection(address, timeout=PATIENCE) as connection:
            connection.sendall(request_of_client)
            answer = connection.recv(1000)
        if called:
            assert ended.wait(PATIENCE)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert received == called


def test_middleware_runs_from_the_last_added_to_the_first() -> None:
    order: list[str] = []
    app = FastAPI()

    class Layer:
        def __init__(self, app: Any, name: str) -> None:
            self.app, self.name = app, name

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            order.append(self.name)
            await self.app(scope, receive, send)

    app.add_middleware(Layer, name="first")
    app.add_middleware(Layer, name="last")
    TestClient(app).get("/")
    assert order == ["last", "first"]


def test_an_http_exception_is_json_and_an_unhandled_one_a_plain_500() -> None:
    app = FastAPI()

    @app.get("/http")
    def http() -> None:
        raise HTTPException(409, "taken")

    @app.get("/bug")
    def bug() -> None:
        raise KeyError("bug")

    caller = TestClient(app, raise_server_exceptions=False)
    assert caller.get("/http").json() == {"detail": "taken"}
    answer = caller.get("/bug")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def test_a_result_without_a_declared_type_is_encoded_but_not_filtered() -> None:
    app = FastAPI()

    @app.get("/")
    def read():  # type: ignore[no-untyped-def]
        return {"at": date(2026, 11, 28), "secret": 1}

    expected = {"at": "2026-11-28", "secret": 1}
    assert TestClient(app).get("/").json() == expected


def test_a_field_with_exclude_is_not_sent_without_a_declared_type_either() -> None:
    class Account(BaseModel):
        name: str = "Ada"
        secret: int = Field(1, exclude=True)

    app = FastAPI()

    @app.get("/")
    def read():  # type: ignore[no-untyped-def]
        return Account()

    assert TestClient(app).get("/").json() == {"name": "Ada"}


def test_async_def_runs_on_the_event_loop_and_def_in_a_worker_thread() -> None:
    threads: dict[str, str] = {}
    app = FastAPI()

    @app.get("/async-def")
    async def async_def() -> None:
        threads["async def"] = threading.current_thread().name

    @app.get("/def")
    def plain_def() -> None:
        threads["def"] = threading.current_thread().name

    client = TestClient(app)
    client.get("/async-def")
    client.get("/def")
    assert threads["def"] == "AnyIO worker thread"
    assert threads["async def"] != "AnyIO worker thread"


class User(BaseModel):
    id: int
    name: str


ROW: Any = {"id": "seven", "name": "Ann", "password": "x"}


def app_that_returns_a_wrong_row() -> FastAPI:
    app = FastAPI()

    @app.get("/declared", response_model=User)
    def declared() -> Any:
        return ROW

    @app.get("/undeclared")
    def undeclared() -> Any:
        return ROW

    @app.get("/response", response_model=User)
    def response() -> Any:
        return JSONResponse(ROW)

    return app


def test_a_result_is_validated_only_against_a_declared_type() -> None:
    client = TestClient(app_that_returns_a_wrong_row())
    with pytest.raises(ResponseValidationError):
        client.get("/declared")
    assert client.get("/undeclared").json() == ROW
    assert client.get("/response").json() == ROW


def test_an_instance_of_the_model_is_not_validated_again() -> None:
    app = FastAPI()

    @app.get("/")
    def user() -> User:
        ann = User(id=7, name="Ann")
        ann.id = "seven"  # type: ignore[assignment]
        return ann

    with pytest.warns(UserWarning, match="Expected `int`"):
        response = TestClient(app).get("/")
    assert (response.status_code, response.json()) == (
        200,
        {"id": "seven", "name": "Ann"},
    )


def test_a_result_that_does_not_fit_is_a_500() -> None:
    client = TestClient(app_that_returns_a_wrong_row(), raise_server_exceptions=False)
    response = client.get("/declared")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


def test_pydantic_writes_the_json_of_a_declared_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: JSONResponse, content: Any) -> bytes:
        raise AssertionError("json.dumps would be called here")

    app = FastAPI()

    @app.get("/declared")
    async def declared() -> dict[str, int]:
        return {"id": 1}

    @app.get("/undeclared")
    async def undeclared():  # type: ignore[no-untyped-def]
        return {"id": 1}

    monkeypatch.setattr(JSONResponse, "render", refuse)
    client = TestClient(app)
    assert client.get("/declared").content == b'{"id":1}'
    with pytest.raises(AssertionError, match=r"json\.dumps"):
        client.get("/undeclared")


def test_while_one_request_awaits_the_same_thread_serves_another() -> None:
    threads: list[int] = []

    async def run() -> None:
        barrier = asyncio.Barrier(2)
        app = FastAPI()

        @app.get("/")
        async def read() -> None:
            threads.append(threading.get_ident())
            async with asyncio.timeout(PATIENCE):
                await barrier.wait()  # passes only when both requests are here

        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://test"
        ) as client:
            answers = await asyncio.gather(client.get("/"), client.get("/"))
        assert [answer.status_code for answer in answers] == [200, 200]

    asyncio.run(run())
    assert len(threads) == 2
    assert len(set(threads)) == 1


def exchange(method: str, path: str, response: Any) -> str:
    lines = [f"{method} {path} HTTP/1.1", "", f"HTTP/1.1 {response.status_code} "]
    lines[-1] += response.reason_phrase
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    return "\n".join([*lines, "", response.text]).rstrip()


def test_a_get_path_operation_answers_neither_head_nor_options(recorded: Any) -> None:
    client = TestClient(wrong_get_health.app)
    assert client.get("/health").status_code == 200
    assert client.options("/health").status_code == 405
    response = client.head("/health")
    assert response.status_code == 405
    recorded("head.http", exchange("HEAD", "/health", response))


def test_the_documentation_routes_do_answer_head() -> None:
    client = TestClient(wrong_get_health.app)
    assert client.head("/docs").status_code == 200
    assert client.head("/openapi.json").status_code == 200


def test_two_decorators_make_one_function_answer_get_and_head() -> None:
    client = TestClient(head_and_get_health.app)
    get, head = client.get("/health"), client.head("/health")
    assert head.status_code == 200
    assert head.headers == get.headers
    operations = client.get("/openapi.json").json()["paths"]["/health"]
    assert list(operations) == ["get"]


def test_api_route_with_two_methods_gives_both_one_operation_id() -> None:
    app = FastAPI()

    @app.api_route("/health", methods=["GET", "HEAD"])
    async def health() -> None: ...

    with pytest.warns(UserWarning, match="Duplicate Operation ID"):
        app.openapi()


def test_allow_names_only_the_methods_of_the_first_matching_function() -> None:
    app = FastAPI()

    @app.get("/orders")
    async def read() -> None: ...

    @app.post("/orders")
    async def create() -> None: ...

    response = TestClient(app).delete("/orders")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET"


def test_any_method_can_be_declared() -> None:
    names = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]
    assert all(hasattr(FastAPI, name) for name in names)
    app = FastAPI()

    @app.api_route("/files", methods=["PROPFIND"])
    async def propfind() -> str:
        return "listed"

    assert TestClient(app).request("PROPFIND", "/files").json() == "listed"


def test_no_response_is_cached_and_no_client_is_slowed_down() -> None:
    calls: list[None] = []
    app = FastAPI()

    @app.get("/")
    async def read() -> int:
        calls.append(None)
        return len(calls)

    client = TestClient(app)
    responses = [client.get("/") for _ in range(100)]
    assert {response.status_code for response in responses} == {200}
    assert len(calls) == 100
    assert not {"cache-control", "etag", "expires"} & responses[-1].headers.keys()


def test_no_middleware_of_fastapi_or_starlette_caches_or_limits_a_rate() -> None:
    found: set[str] = set()
    for package in (fastapi, starlette):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name == "fastapi.__main__":
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # modules that are deprecated
                members = vars(importlib.import_module(module.name))
            found |= {
                name
                for name, value in members.items()
                if isinstance(value, type)
                and value.__module__ == module.name
                and not name.startswith("_")
            }
    assert {"CORSMiddleware", "GZipMiddleware", "SessionMiddleware"} <= found
    suspects = re.compile("cache|rate_?limit|throttl", re.IGNORECASE)
    assert [name for name in found if suspects.search(name)] == []


@pytest.mark.since(fastapi="0.138.0")
def test_static_files_alone_answer_conditional_requests(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text("<svg/>")
    app = FastAPI()
    app.mount("/static", StaticFiles(directory=tmp_path))
    app.frontend("/site", directory=tmp_path)

    @app.get("/file")
    async def file() -> FileResponse:
        return FileResponse(tmp_path / "logo.svg")

    client = TestClient(app)
    for path, status in (
        ("/static/logo.svg", 304),
        ("/site/logo.svg", 304),
        ("/file", 200),
    ):
        etag = client.get(path).headers["etag"]
        again = client.get(path, headers={"If-None-Match": etag})
        assert again.status_code == status


@pytest.fixture
def built_in_limits() -> ModuleType:
    """Import what an older FastAPI refuses."""
    return importlib.import_module(
        "snippets.foundations.request_and_response.built_in_limits"
    )


@pytest.mark.since(fastapi="0.165.0")
def test_a_body_over_max_body_size_is_a_413(built_in_limits: ModuleType) -> None:
    response = TestClient(built_in_limits.app).post("/files", content=b"x" * 1_000_001)
    assert response.status_code == 413


@pytest.mark.since(fastapi="0.164.0")
def test_what_does_not_read_a_too_large_body_runs_and_its_answer_becomes_a_413() -> (
    None
):
    calls: list[str] = []
    app = FastAPI(max_body_size=10)

    @app.post("/ping")
    async def ping() -> None:
        calls.append("ping")

    client = TestClient(app)
    assert client.post("/ping", content=b"x" * 11).status_code == 413
    assert calls == ["ping"]


def test_a_whole_upload_is_received_before_a_dependency_refuses_it() -> None:
    order: list[str] = []
    app = FastAPI()

    async def user() -> None:
        order.append("dependency")
        raise HTTPException(401)

    @app.post("/files", dependencies=[Depends(user)])
    async def files(file: UploadFile) -> None: ...

    async def spy(scope: Any, receive: Any, send: Any) -> None:
        async def traced_receive() -> Any:
            message = await receive()
            order.append(f"receive, more: {message.get('more_body', False)}")
            return message

        await app(scope, traced_receive, send)

    def pieces() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        yield b"content\r\n--x--\r\n"

    response = TestClient(spy).post(
        "/files",
        content=pieces(),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert response.status_code == 401
    assert order.index("receive, more: False") < order.index("dependency")


def test_there_is_no_limit_on_the_size_by_default() -> None:
    app = FastAPI()

    @app.post("/notes")
    async def notes(text: Annotated[str, Body()]) -> int:
        return len(text)

    assert TestClient(app).post("/notes", json="x" * 10_000_000).json() == 10_000_000


def test_a_form_has_default_limits_for_its_parts() -> None:
    app = FastAPI()

    @app.post("/files")
    async def files(files: list[UploadFile]) -> int:
        return len(files)

    @app.post("/text")
    async def text(text: Annotated[str, Form()]) -> int:
        return len(text)

    client = TestClient(app)
    file = ("files", ("a.txt", b"1"))
    assert client.post("/files", files=[file] * 1_000).json() == 1_000
    answer = client.post("/files", files=[file] * 1_001)
    assert answer.status_code == 400
    assert "Maximum number of files is 1000" in answer.text
    multipart: Any = {"text": (None, "x" * 1024 * 1024)}
    assert client.post("/text", files=multipart).status_code == 200
    multipart = {"text": (None, "x" * (1024 * 1024 + 1))}
    answer = client.post("/text", files=multipart)
    assert answer.status_code == 400
    assert "maximum size of 1024KB" in answer.text


@pytest.mark.since(starlette="1.3.1")
def test_a_url_encoded_form_has_the_same_limits() -> None:
    app = FastAPI()

    @app.post("/text")
    async def text(text: Annotated[str, Form()]) -> int:
        return len(text)

    client = TestClient(app)
    answer = client.post("/text", data={"text": "x" * (1024 * 1024 + 1)})
    assert answer.status_code == 400
    assert "maximum size of 1024KB" in answer.text
    fields = {f"text{number}": "x" for number in range(1_001)}
    answer = client.post("/text", data=fields)
    assert answer.status_code == 400
    assert "Maximum number of fields is 1000" in answer.text
    fields.popitem()
    answer = client.post("/text", data=fields)
    assert answer.status_code == 422  # read, and "text" is missing


@pytest.mark.since(fastapi="0.164.0")
def test_a_chunked_body_that_nobody_reads_is_no_413() -> None:
    app = FastAPI(max_body_size=10)
    app.post("/ping")(lambda: "pong")

    def pieces() -> Iterator[bytes]:
        yield b"x" * 20

    assert TestClient(app).post("/ping", content=pieces()).status_code == 200


@pytest.mark.since(fastapi="0.165.0")
def test_a_malformed_form_is_a_400(built_in_limits: ModuleType) -> None:
    response = TestClient(built_in_limits.app).post(
        "/files",
        content=b"nonsense",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert response.status_code == 400


def test_a_multipart_form_that_breaks_off_is_a_422() -> None:
    app = FastAPI()

    @app.post("/")
    def send(text: Annotated[str, Form()]) -> str:
        return text

    part = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n1'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answers = [
        TestClient(app).post("/", content=part + end, headers=headers).status_code
        for end in (b"\r\n--x--", b"\r\n", b"")
    ]
    assert answers == [200, 422, 422]


@pytest.mark.since(fastapi="0.165.0")
def test_a_form_over_its_limits_is_a_400(built_in_limits: ModuleType) -> None:
    client = TestClient(built_in_limits.app)
    file = ("files", ("a.txt", b"1"))
    assert client.post("/files", files=[file] * 2).json() == 2
    assert client.post("/files", files=[file] * 3).status_code == 400


@pytest.mark.since(fastapi="0.165.0")
def test_max_concurrency_lets_the_third_request_wait(
    built_in_limits: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 0

    async def run() -> list[int]:
        running = 0
        two_are_here, release = asyncio.Event(), asyncio.Event()

        async def build_report() -> str:
            nonlocal running, most
            running += 1
            most = max(most, running)
            if running == 2:
                two_are_here.set()
            await release.wait()
            running -= 1
            return "done"

        monkeypatch.setattr(built_in_limits, "build_report", build_report)
        transport = httpx2.ASGITransport(built_in_limits.app)
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://test") as client,
            asyncio.timeout(PATIENCE),
            asyncio.TaskGroup() as tasks,
        ):
            requests = [tasks.create_task(client.get("/report")) for _ in range(3)]
            await two_are_here.wait()
            for _ in range(100):  # every chance for the third one to start
                await asyncio.sleep(0)
            assert running == 2
            release.set()
        return [request.result().status_code for request in requests]

    assert asyncio.run(run()) == [200, 200, 200]
    assert most == 2


@pytest.mark.since(fastapi="0.165.0")
def test_clients_that_do_not_read_keep_no_report_waiting(
    built_in_limits: ModuleType,
) -> None:
    async def run() -> int:
        clients = clients_that_do_not_read(built_in_limits.app, "/report", 3)
        async with clients as answering:
            return answering

    assert asyncio.run(run()) == 3


def test_a_cached_coroutine_can_be_awaited_only_once() -> None:
    wrong_cached_coroutine.rates_of.cache_clear()
    client = TestClient(wrong_cached_coroutine.app)
    assert client.get("/rates/2026-11-24").json() == {"EUR": 1.0}
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        client.get("/rates/2026-11-24")


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[date]:
    days: list[date] = []

    async def fetch_rates(day: date) -> dict[str, float]:
        days.append(day)
        if day.year == 1999:
            raise HTTPException(503)
        return {"EUR": 1.0}

    monkeypatch.setattr(cached_result, "fetch_rates", fetch_rates)
    monkeypatch.setattr(cached_result, "cache", {})
    return days


def test_a_cached_result_is_fetched_once(fetched: list[date]) -> None:
    client = TestClient(cached_result.app)
    for _ in range(2):
        assert client.get("/rates/2026-11-24").json() == {"EUR": 1.0}
    assert fetched == [date(2026, 11, 24)]


def test_what_a_client_puts_into_the_address_cannot_fill_the_memory(
    fetched: list[date],
) -> None:
    client = TestClient(cached_result.app)
    assert client.get("/rates/nonsense").status_code == 422
    for day in range(200):
        asyncio.run(cached_result.rates_of(date.fromordinal(740_000 + day)))
    assert len(cached_result.cache) == 128
    assert date.fromordinal(740_199) in cached_result.cache


def test_a_failed_fetch_is_not_cached(fetched: list[date]) -> None:
    client = TestClient(cached_result.app)
    for _ in range(2):
        assert client.get("/rates/1999-01-01").status_code == 503
    assert cached_result.cache == {}


def test_two_first_requests_at_the_same_time_both_fetch(
    fetched: list[date],
) -> None:
    real = cached_result.fetch_rates

    async def slow(day: date) -> dict[str, float]:
        rates = await real(day)
        await asyncio.sleep(0)
        return rates

    async def both() -> None:
        day = date(2026, 11, 24)
        await asyncio.gather(cached_result.rates_of(day), cached_result.rates_of(day))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cached_result, "fetch_rates", slow)
        asyncio.run(both())
    assert len(fetched) == 2
