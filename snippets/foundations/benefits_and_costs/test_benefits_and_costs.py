import asyncio
import io
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine
from importlib.metadata import entry_points, requires
from pathlib import Path
from types import FrameType
from typing import Annotated, Any
from wsgiref.util import setup_testing_defaults

import flask
import pytest
from fastapi import Body, Depends, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import OAuth2PasswordBearer
from fastapi.testclient import TestClient
from packaging.requirements import Requirement
from pydantic import BaseModel, TypeAdapter
from starlette.applications import Starlette
from starlette.routing import Route

from snippets.foundations.benefits_and_costs import (
    path_parameter,
    signup,
    wrong_renamed_parameter,
)

FOLDER = Path(__file__).parent
BODY = b'{"item":"tea","boxes":2}'
ANSWER = {"item": "tea", "pieces": 12}


class Outbox(signup.Mailer):
    def __init__(self) -> None:
        self.mails: list[str] = []

    def welcome(self, name: str) -> None:
        self.mails.append(name)


@pytest.fixture
def outbox() -> Any:
    outbox = Outbox()
    signup.app.dependency_overrides[signup.get_mailer] = lambda: outbox
    yield outbox
    signup.app.dependency_overrides.clear()


def test_a_dependency_is_replaced_without_touching_the_code(outbox: Outbox) -> None:
    body = {"name": "ada", "password": "correct horse"}
    assert TestClient(signup.app).post("/users", json=body).status_code == 201
    assert outbox.mails == ["ada"]


def exchange(body: dict[str, str]) -> str:
    response = TestClient(signup.app).post("/users", json=body)
    lines = ["POST /users", json.dumps(body), ""]
    lines.append(f"{response.status_code} {response.reason_phrase}")
    if response.status_code == 422:
        # One error a line; of each error the place and the message.
        errors = response.json()["detail"]
        lines += [f"{error['loc']} {error['msg']}" for error in errors]
    else:
        lines.append(response.text)
    return "\n".join(lines)


@pytest.mark.since(starlette="1.2.0")
def test_an_invalid_request_never_reaches_the_function(
    outbox: Outbox, recorded: Any
) -> None:
    valid = exchange({"name": "ada", "password": "correct horse"})
    assert outbox.mails == ["ada"]
    invalid = exchange({"name": "al", "password": "short"})
    assert outbox.mails == ["ada"]
    recorded("exchanges.http", f"{valid}\n\n{invalid}")


def test_the_declared_return_type_keeps_the_password_out(outbox: Outbox) -> None:
    body = {"name": "ada", "password": "correct horse"}
    assert TestClient(signup.app).post("/users", json=body).json() == {"name": "ada"}


def test_a_valid_sign_up_works_without_a_test_double() -> None:
    body = {"name": "ada", "password": "correct horse"}
    assert TestClient(signup.app).post("/users", json=body).status_code == 201


def test_the_docstring_and_both_pages_are_documentation() -> None:
    operation = signup.app.openapi()["paths"]["/users"]["post"]
    assert operation["description"] == "Create a user and send a mail."
    for page in ("/docs", "/redoc"):
        assert "/openapi.json" in TestClient(signup.app).get(page).text


def test_the_rules_stand_in_the_openapi_document() -> None:
    schemas = signup.app.openapi()["components"]["schemas"]
    assert schemas["SignUp"]["properties"]["password"]["minLength"] == 12


def test_a_renamed_parameter_becomes_a_query_parameter(recorded: Any) -> None:
    response = TestClient(wrong_renamed_parameter.app).get("/orders/7")
    assert response.status_code == 422
    recorded("renamed.json", json.dumps(response.json()["detail"][0]))


def test_the_name_decides_where_a_parameter_is_read_from() -> None:
    assert TestClient(path_parameter.app).get("/orders/7").json() == 7


def test_only_a_simple_type_becomes_a_query_parameter() -> None:
    app = FastAPI()

    @app.post("/orders/{order_id}")  # noqa: FAST003
    def read_orders(number: int, name: str, numbers: list[int]) -> None: ...

    errors = TestClient(app).post("/orders/7").json()["detail"]
    assert [error["loc"] for error in errors] == [
        ["query", "number"],
        ["query", "name"],
        ["body"],
    ]


@pytest.mark.since(fastapi="0.132.0")
def test_without_a_content_type_an_object_is_refused_and_a_number_is_not() -> None:
    app = FastAPI()

    @app.post("/object")
    def read_object(order: dict[str, int]) -> dict[str, int]:
        return order

    @app.post("/number")
    def read_number(number: Annotated[int, Body()]) -> int:
        return number

    client = TestClient(app)
    assert client.post("/object", content=b'{"boxes":2}').status_code == 422
    assert client.post("/number", content=b"2").json() == 2


def test_ruff_finds_the_renamed_parameter_when_its_rule_is_selected() -> None:
    command = [sys.executable, "-m", "ruff", "check", "--isolated"]
    file = str(FOLDER / "wrong_renamed_parameter.py")
    default = subprocess.run([*command, file], capture_output=True, check=False)
    selected = subprocess.run(
        [*command, "--select", "FAST003", file], capture_output=True, check=False
    )
    assert (default.returncode, selected.returncode) == (0, 1)


def python_calls(work: Callable[[], Any]) -> int:
    """Count the Python functions that start while ``work`` runs."""
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


async def asgi_request(app: Any) -> bytes:
    messages = [{"type": "http.request", "body": BODY, "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/orders",
        "raw_path": b"/orders",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await app(scope, receive, send)
    return b"".join(message.get("body", b"") for message in sent)


def step_through(coroutine: Coroutine[Any, Any, bytes]) -> bytes:
    """Run a coroutine that never waits, without the calls of an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return bytes(finished.value)
    raise AssertionError("the application waited")


def asgi_calls(app: Any) -> int:
    async def counted() -> int:
        for _ in range(2):  # the first request builds what later ones share
            assert json.loads(await asgi_request(app)) == ANSWER
        return python_calls(lambda: step_through(asgi_request(app)))

    return asyncio.run(counted())


def wsgi_calls(app: Any) -> int:
    def request() -> bytes:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/orders",
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(BODY)),
            "wsgi.input": io.BytesIO(BODY),
        }
        setup_testing_defaults(environ)
        body = app(environ, lambda *arguments: None)
        try:
            return b"".join(body)
        finally:
            body.close()

    for _ in range(2):
        assert json.loads(request()) == ANSWER
    return python_calls(request)


class Order(BaseModel):
    item: str
    boxes: int


class Receipt(BaseModel):
    item: str
    pieces: int


def with_fastapi() -> FastAPI:
    app = FastAPI()

    @app.post("/orders")
    async def create_order(order: Order) -> Receipt:
        return Receipt(item=order.item, pieces=order.boxes * 6)

    return app


def with_starlette() -> Starlette:
    async def create_order(request: Request) -> JSONResponse:
        order = await request.json()
        return JSONResponse({"item": order["item"], "pieces": order["boxes"] * 6})

    return Starlette(routes=[Route("/orders", create_order, methods=["POST"])])


def with_flask() -> flask.Flask:
    app = flask.Flask("orders")

    @app.post("/orders")
    def create_order() -> dict[str, Any]:
        order = flask.request.get_json()
        return {"item": order["item"], "pieces": order["boxes"] * 6}

    return app


def test_fastapi_runs_three_to_five_times_the_python_functions_of_starlette(
    older: Callable[[str, str], bool],
) -> None:
    times = asgi_calls(with_fastapi()) / asgi_calls(with_starlette())
    assert 2 < times < 3 if older("fastapi", "0.142.0") else 3 < times < 5


def test_fastapi_runs_about_as_many_python_functions_as_flask() -> None:
    assert 0.5 < asgi_calls(with_fastapi()) / wsgi_calls(with_flask()) < 2


def test_importing_fastapi_loads_more_than_two_hundred_modules(
    older: Callable[[str, str], bool],
) -> None:
    code = "import sys; before = set(sys.modules); import fastapi; "
    code += "print(*(set(sys.modules) - before))"
    command = [sys.executable, "-c", code]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    loaded = output.split()
    assert len(loaded) > 200
    assert ("opentelemetry" in loaded) is not older("fastapi", "0.142.0")


@pytest.mark.since(fastapi="0.145.0")
def test_minor_versions_changed_what_existing_code_does() -> None:
    wrong: dict[str, Any] = {"colour": "red"}
    with pytest.raises(TypeError, match="colour"):  # accepted before 0.145.0
        FastAPI(**wrong)
    response = TestClient(with_fastapi()).post("/orders", content=BODY)
    assert response.status_code == 422  # 200 before 0.132.0


def accepts(file: str, version: str) -> bool:
    lines = (FOLDER / file).read_text(encoding="utf-8").splitlines()
    [line] = [line for line in lines if not line.startswith("#")]
    return version in Requirement(line).specifier


def test_an_open_requirement_takes_the_next_minor_version() -> None:
    assert accepts("wrong_requirements.txt", "0.166.0")
    assert accepts("wrong_requirements.txt", "1.0.0")


def test_a_compatible_requirement_takes_patches_only() -> None:
    assert accepts("requirements.txt", "0.165.9")
    assert not accepts("requirements.txt", "0.166.0")


def names(package: str) -> set[str]:
    return {Requirement(line).name for line in requires(package) or []}


def test_the_command_for_fastapi_cloud_is_another_package() -> None:
    plain = [Requirement(line) for line in requires("fastapi") or []]
    required = {requirement.name for requirement in plain if not requirement.marker}
    assert not {"fastapi-cli", "fastapi-cloud-cli", "uvicorn"} & required
    assert "fastapi-cloud-cli" in names("fastapi-cli")


def test_the_fastapi_command_is_installed_and_refuses_without_the_extra() -> None:
    [command] = entry_points(group="console_scripts", name="fastapi")
    assert command.value == "fastapi.cli:main"
    code = "import sys; sys.modules['fastapi_cli'] = None; "
    code += "import fastapi.cli; fastapi.cli.main()"
    refusal = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert refusal.returncode != 0
    assert 'please install "fastapi[standard]"' in refusal.stderr


def test_websockets_and_streams_are_included() -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())

    @app.get("/stream")
    def stream() -> StreamingResponse:
        return StreamingResponse(iter(["a", "b"]))

    client = TestClient(app)
    with client.websocket_connect("/ws") as session:
        session.send_text("tea")
        assert session.receive_text() == "tea"
    assert client.get("/stream").text == "ab"


def test_the_security_helper_reads_the_token_and_documents_it() -> None:
    app = FastAPI()
    scheme = OAuth2PasswordBearer(tokenUrl="token")

    @app.get("/me")
    def me(token: Annotated[str, Depends(scheme)]) -> str:
        return token

    client = TestClient(app)
    assert client.get("/me").status_code == 401
    assert client.get("/me", headers={"Authorization": "Bearer t"}).json() == "t"
    assert "OAuth2PasswordBearer" in app.openapi()["components"]["securitySchemes"]


def test_pydantic_writes_the_json_of_a_declared_response_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[bytes] = []
    real = TypeAdapter.dump_json

    def dump_json(adapter: Any, *arguments: Any, **options: Any) -> bytes:
        written.append(real(adapter, *arguments, **options))
        return written[-1]

    monkeypatch.setattr(TypeAdapter, "dump_json", dump_json)
    response = TestClient(with_fastapi()).post("/orders", json=json.loads(BODY))
    assert written == [response.content]


def test_starlette_has_a_lower_limit_only() -> None:
    parsed = [Requirement(line) for line in requires("fastapi") or []]
    [starlette] = [need for need in parsed if need.name == "starlette"]
    assert {part.operator for part in starlette.specifier} == {">="}


def test_a_status_that_a_function_raises_is_not_in_the_document() -> None:
    app = FastAPI()

    @app.get("/orders")
    async def orders() -> list[str]:
        raise HTTPException(409)

    assert TestClient(app).get("/orders").status_code == 409
    assert list(app.openapi()["paths"]["/orders"]["get"]["responses"]) == ["200"]


def test_fastapi_depends_on_no_other_web_framework_than_starlette() -> None:
    assert "starlette" in names("fastapi")
    assert not {"flask", "django", "Flask", "Django"} & names("fastapi")
