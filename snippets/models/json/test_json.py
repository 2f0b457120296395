import base64
import json
from collections import deque
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from importlib.metadata import requires
from ipaddress import IPv4Address
from pathlib import PurePosixPath
from typing import Annotated, Any
from uuid import UUID

import fastapi.responses
import orjson
import pytest
from fastapi import APIRouter, Body, FastAPI, Request, Response
from fastapi.exceptions import FastAPIDeprecationWarning, RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from pydantic import (
    Base64Bytes,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
)

from snippets.models.json import (
    by_pydantic,
    chosen_forms,
    declared_result,
    exact_money,
    orjson_bodies,
    ready_json,
    receipts,
    wrong_float_money,
    wrong_json_dumps,
    wrong_orjson_response,
)

HEADERS = {"Content-Type": "application/json"}
NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
RECEIPT = {
    "id": "00000000-0000-0000-0000-000000000007",
    "paid_at": "2026-11-29T12:00:00Z",
    "total": "4.50",
    "took": "PT1M30S",
    "method": "card",
    "tags": ["tea"],
    "scan": "dGVh",
    "rating": 4.5,
}


class Color(Enum):
    RED = "red"


def test_a_receipt_goes_in_and_out(recorded: Any) -> None:
    answer = TestClient(receipts.app).post("/receipts", json=RECEIPT)
    lines = ["POST /receipts", json.dumps(RECEIPT), "", answer.text]
    recorded("receipt.txt", "\n".join(lines))
    assert answer.status_code == 201
    receipt = receipts.Receipt.model_validate(RECEIPT)
    assert (receipt.total, receipt.scan) == (Decimal("4.50"), b"tea")
    assert receipt.took == timedelta(seconds=90)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("paid_at", "2026-11-29T12:00:00"),
        ("paid_at", "29.11.2026"),
        ("total", "NaN"),
        ("total", 1.005),
        ("scan", "dGV"),
        ("method", "barter"),
        ("rating", "NaN"),
        ("tags", "tea"),
    ],
)
def test_what_does_not_fit_is_a_422(field: str, value: Any) -> None:
    answer = TestClient(receipts.app).post("/receipts", json=RECEIPT | {field: value})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [("paid_at", 1796000000), ("total", 4.5), ("took", 90), ("tags", ["tea", "tea"])],
)
def test_other_forms_are_read_too(field: str, value: Any) -> None:
    answer = TestClient(receipts.app).post("/receipts", json=RECEIPT | {field: value})
    assert answer.status_code == 201


def sent(value: Any, model: Any) -> str:
    app = FastAPI()

    @app.get("/", response_model=model)
    def read() -> Any:
        return value

    answer = TestClient(app, raise_server_exceptions=False).get("/")
    return answer.text if answer.status_code == 200 else str(answer.status_code)


def test_types_to_json(recorded: Any) -> None:
    class Item(BaseModel):
        n: int = 1

    values: list[tuple[str, Any, Any]] = [
        ("datetime in UTC", datetime, NOON),
        ("datetime, no zone", datetime, NOON.replace(tzinfo=None)),
        ("date", date, NOON.date()),
        ("time", time, time(12, 30)),
        ("timedelta", timedelta, timedelta(minutes=90)),
        ("Decimal", Decimal, Decimal("1.10")),
        ("UUID", UUID, UUID(int=7)),
        ("Enum", Color, Color.RED),
        ("bytes, UTF-8", bytes, b"tea"),
        ("bytes, other", bytes, b"\xff"),
        ("set, tuple", set[int], {1}),
        ("deque", deque[int], deque([1])),
        ("dict[int, str]", dict[int, str], {1: "a"}),
        ("model", Item, Item()),
        ("SecretStr", SecretStr, SecretStr("x")),
        ("IPv4Address", IPv4Address, IPv4Address("127.0.0.1")),
        ("NaN, infinity", float, float("nan")),
    ]
    lines = [f"{'value':<19}{'declared':<42}without a return type"]
    for name, kind, value in values:
        lines.append(f"{name:<19}{sent(value, kind):<42}{sent(value, None)}")
    recorded("types.txt", "\n".join(lines))
    assert sent(PurePosixPath("/tea"), PurePosixPath) == '"/tea"'


def test_a_response_of_your_own_takes_plain_types_only() -> None:
    for value in (NOON, Decimal(1), UUID(int=7), b"tea", {1}):
        with pytest.raises(TypeError, match="is not JSON serializable"):
            JSONResponse({"value": value})
    with pytest.raises(ValueError, match="Out of range float values"):
        JSONResponse({"value": float("nan")})


def test_the_chosen_forms(recorded: Any) -> None:
    recorded("chosen.json", TestClient(chosen_forms.app).get("/sample").text)


def test_base64_is_read_back_with_a_setting_of_its_own() -> None:
    sent = chosen_forms.Sample().model_dump_json()
    assert chosen_forms.Sample.model_validate_json(sent).raw == b"_w=="

    class Both(chosen_forms.Sample):
        model_config = ConfigDict(val_json_bytes="base64")

    assert Both.model_validate_json(sent).raw == b"\xff"


def test_a_decimal_as_a_json_number_loses_digits() -> None:
    class Item(BaseModel):
        total: Decimal

    read = Item.model_validate(json.loads('{"total": 12345678901234567.89}')).total
    assert read != Decimal("12345678901234567.89")
    exact = Item.model_validate({"total": "12345678901234567.89"}).total
    assert exact == Decimal("12345678901234567.89")
    wrong = TestClient(wrong_float_money.app).get("/totals/11").text
    assert wrong == '{"total":1.2345678901234568e+16}'
    right = TestClient(exact_money.app).get("/totals/11").text
    assert right == '{"total":"12345678901234567.89"}'


def test_json_dumps_in_an_endpoint_is_encoded_twice() -> None:
    wrong = TestClient(wrong_json_dumps.app).get("/now").json()
    assert isinstance(wrong, str)
    assert "now" in json.loads(wrong)
    right = TestClient(declared_result.app).get("/now").json()
    assert right["now"].endswith("Z")


def body(app: FastAPI, path: str, content: bytes) -> str:
    client = TestClient(app, raise_server_exceptions=False)
    answer = client.post(path, content=content, headers=HEADERS)
    text = answer.text
    if answer.status_code == 422:
        text = answer.json()["detail"][0]["type"]
    elif answer.status_code == 200:  # releases of Pydantic write e21 or e+21
        text = json.dumps(answer.json(), separators=(",", ":"))
    return f"{answer.status_code} {text}"


def two_applications() -> tuple[FastAPI, FastAPI]:
    """Give two applications that differ in the parser alone."""
    with_orjson, plain = FastAPI(), FastAPI()
    with_orjson.router.route_class = orjson_bodies.OrjsonRoute
    for app in (with_orjson, plain):

        @app.post("/")
        def read(value: dict[str, Any]) -> dict[str, Any]:
            return value

    return with_orjson, plain


def test_orjson_reads_other_things_than_the_standard_parser(recorded: Any) -> None:
    with_orjson, plain = two_applications()
    contents = {
        '{"n": 1}': b'{"n": 1}',
        "{": b"{",
        '{"n": NaN}': b'{"n": NaN}',
        '{"n": 2**70}': b'{"n": 1180591620717411303424}',
        "not UTF-8": b'{"n": "\xff"}',
        "UTF-16": '{"n": 1}'.encode("utf-16"),
        '{"n": "\\ud800"}': b'{"n": "\\ud800"}',
        "100,000 brackets": b"[" * 100_000,
    }
    lines = [f"{'body':<18}{'orjson':<33}standard library"]
    for name, content in contents.items():
        left = body(with_orjson, "/", content)
        right = body(plain, "/", content)
        if len(right) > 60:
            right = right[:40] + "…"
        lines.append(f"{name:<18}{left:<33}{right}")
    recorded("parsers.txt", "\n".join(lines))


def test_a_refused_value_in_1000_brackets_is_a_500_with_orjson_and_can_be_without() -> (
    None
):
    content = b'{"n": ' + b"[" * 1000 + b"]" * 1000 + b"}"

    def number(n: Annotated[float, Body(embed=True)]) -> None: ...

    statuses = []
    for app in two_applications():
        app.post("/number")(number)
        client = TestClient(app, raise_server_exceptions=False)
        answer = client.post("/number", content=content, headers=HEADERS)
        statuses.append(answer.status_code)
    assert statuses[0] == 500
    assert statuses[1] in {400, 500}  # Python 3.11 refuses to parse it


def test_orjson_parses_the_bodies_of_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[bytes] = []

    def loads(content: bytes) -> Any:
        parsed.append(content)
        return json.loads(content)

    monkeypatch.setattr(orjson, "loads", loads)
    client = TestClient(orjson_bodies.app)
    assert client.post("/points", json=[{"x": 1, "y": 2}]).json() == 1
    assert len(parsed) == 1
    assert client.post("/points", json=[{"x": 1}]).status_code == 422
    assert client.post("/points").status_code == 422


def test_a_decimal_that_is_sent_as_a_number_keeps_15_digits() -> None:
    def sent(price: str) -> object:
        text = chosen_forms.Sample(price=Decimal(price)).model_dump_json()
        return json.loads(text)["price"]

    assert sent("1234567890123.45") == 1234567890123.45
    assert sent("12345678901234567.89") == 12345678901234568


def test_an_exception_handler_can_read_the_body_after_orjson() -> None:
    app = FastAPI()
    app.router.route_class = orjson_bodies.OrjsonRoute

    @app.post("/")
    def read(point: orjson_bodies.Point) -> str:
        raise ZeroDivisionError

    @app.exception_handler(RequestValidationError)
    @app.exception_handler(ZeroDivisionError)
    async def show(request: Request, error: Exception) -> Response:
        return Response(await request.body(), 409)

    client = TestClient(app)
    for sent in (b'{"x": 1, "y": 2}', b'{"x": 1}', b"{"):
        answer = client.post("/", content=sent, headers=HEADERS)
        assert (answer.status_code, answer.content) == (409, sent)


def test_a_router_needs_the_route_class_itself() -> None:
    for route_class, refused in ((None, False), (orjson_bodies.OrjsonRoute, True)):
        router = APIRouter(route_class=route_class) if route_class else APIRouter()

        @router.post("/")
        def read(value: dict[str, Any]) -> str:
            return "read"

        app = FastAPI()
        app.router.route_class = orjson_bodies.OrjsonRoute
        app.include_router(router)
        assert body(app, "/", b'{"n": NaN}').startswith("422") is refused


def test_ready_json_is_sent_as_it_is() -> None:
    answer = TestClient(ready_json.app).get("/rows")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == ready_json.rows
    for value in (Decimal(1), b"tea", {1}, timedelta(1), {1: "a"}, 2**64):
        with pytest.raises(TypeError):
            orjson.dumps(value)
    assert orjson.dumps([NOON, UUID(int=7), float("nan"), Color.RED])


def test_the_orjson_response_works_and_warns() -> None:
    with pytest.warns(FastAPIDeprecationWarning, match="ORJSONResponse is deprecated"):
        answer = TestClient(wrong_orjson_response.app).get("/items")
    assert answer.text == TestClient(by_pydantic.app).get("/items").text


def test_with_a_return_type_no_response_class_encodes() -> None:
    class Refusing(JSONResponse):
        def render(self, content: Any) -> bytes:
            raise AssertionError

    app = FastAPI(default_response_class=Refusing)

    @app.get("/")
    def read() -> dict[str, int]:
        return {"n": 1}

    # Whoever names a response class takes the work away from Pydantic.
    with pytest.raises(AssertionError):
        TestClient(app).get("/")


def test_an_orjson_response_as_the_default_warns_and_encodes() -> None:
    orjson_response = vars(fastapi.responses)["ORJSONResponse"]
    app = FastAPI(default_response_class=orjson_response)

    @app.get("/")
    def read() -> dict[str, int]:
        return {"n": 2**64}

    # Pydantic can write this number, and orjson cannot.
    with (
        pytest.warns(FastAPIDeprecationWarning, match="ORJSONResponse is deprecated"),
        pytest.raises(TypeError, match="Integer exceeds 64-bit range"),
    ):
        TestClient(app).get("/")


def test_orjson_does_not_come_with_fastapi() -> None:
    lines = [line for line in requires("fastapi") or [] if "extra ==" not in line]
    assert not [line for line in lines if "orjson" in line]


def test_a_naive_time_is_refused_by_an_aware_field() -> None:
    naive = RECEIPT | {"paid_at": "2026-11-29T12:00:00"}
    with pytest.raises(ValidationError, match="timezone"):
        receipts.Receipt.model_validate(naive)


def test_base64_bytes_decode_the_bytes_that_they_are_given() -> None:
    class Sent(BaseModel):
        raw: Base64Bytes

    for value, text in ((b"\xff", ""), (b"tea1", "tea1")):
        assert json.loads(Sent(raw=value).model_dump_json()) == {"raw": text}
        chosen = chosen_forms.Sample(raw=value).model_dump_json()
        sent = json.loads(chosen)["raw"]
        assert base64.urlsafe_b64decode(sent) == value


def test_base64_bytes_skip_characters_that_are_not_base64() -> None:
    for scan in ("d%GVh", "d-GV_h"):
        assert receipts.Receipt.model_validate(RECEIPT | {"scan": scan}).scan == b"tea"


def test_a_flood_of_elements_is_one_error() -> None:
    flood = RECEIPT | {"tags": [1] * 1000}
    answer = TestClient(receipts.app).post("/receipts", json=flood)
    assert [error["loc"] for error in answer.json()["detail"]] == [["body", "tags", 0]]
    answer = TestClient(orjson_bodies.app).post("/points", json=[{}] * 5000)
    assert [error["type"] for error in answer.json()["detail"]] == ["too_long"]


def test_the_limit_of_a_set_does_not_count_what_does_not_fit() -> None:
    limited: Any = Annotated[set[str], Field(max_length=10)]
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(limited).validate_python([1] * 1000)
    assert caught.value.error_count() == 1000


def test_a_timedelta_that_python_cannot_hold_is_a_500() -> None:
    app = FastAPI()
    app.post("/receipts")(receipts.create_receipt)

    @app.exception_handler(RequestValidationError)
    async def refused(request: Request, error: Exception) -> Response:
        raise AssertionError

    client = TestClient(app, raise_server_exceptions=False)
    body = RECEIPT | {"took": "-P999999999DT1S"}
    assert client.post("/receipts", json=body).status_code == 500
    with pytest.raises(OverflowError):
        TestClient(app).post("/receipts", json=body)


def test_pydantic_can_parse_the_bytes_and_openapi_does_not_know_it() -> None:
    app = FastAPI()

    @app.post("/")
    async def create(request: Request) -> float:
        return orjson_bodies.Point.model_validate_json(await request.body()).x

    client = TestClient(app, raise_server_exceptions=False)
    assert client.post("/", content=b'{"x": 1, "y": 2}').json() == 1
    assert client.post("/", content=b"{").status_code == 500
    assert "requestBody" not in client.get("/openapi.json").json()["paths"]["/"]["post"]


def test_a_decimal_keeps_its_form() -> None:
    answer = TestClient(receipts.app).post("/receipts", json=RECEIPT | {"total": "1e9"})
    assert answer.json()["total"] == "1E+9"


@pytest.mark.parametrize("number", ["NaN", "1e999"])
def test_a_bare_nan_in_a_request_is_a_500_although_the_field_refuses_it(
    number: str,
) -> None:
    client = TestClient(receipts.app, raise_server_exceptions=False)
    body = '{"rating": ' + number + "}"
    headers = {"Content-Type": "application/json"}
    answer = client.post("/receipts", content=body, headers=headers)
    assert answer.status_code == 500
