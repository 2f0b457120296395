import json
import re
import warnings
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

import pytest
from fastapi import (
    Body,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Request,
    UploadFile,
    status,
)
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import OAuth2PasswordRequestForm
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from snippets.requests.validation_errors import (
    client,
    finite_values,
    orders,
    short_keys,
    without_input,
    wrong_client,
    wrong_default_answer,
    wrong_str_of_error,
)

Recorder = Callable[[str, str], None]
PATH = "/shops/1/orders"
JSON = {"Content-Type": "application/json"}
ORDER: dict[str, Any] = {"lines": [{"product": "Lamp", "quantity": 1}]}


def lines_of(detail: list[dict[str, Any]]) -> list[str]:
    """One JSON object a line, as shown on the page."""
    return [f"  {json.dumps(error)}" for error in detail]


def shown(response: Any) -> str:
    entries = ",\n".join(lines_of(response.json()["detail"]))
    return f'{{"detail": [\n{entries}\n]}}'


def handled() -> FastAPI:
    """An application with the handler of the page and the endpoints of the others."""
    app = FastAPI()
    app.exception_handler(RequestValidationError)(without_input.validation_failed)
    app.post("/signup")(wrong_default_answer.sign_up)
    app.post("/shops/{shop_id}/orders")(orders.create_order)
    return app


@pytest.mark.since(starlette="1.2.0")
def test_all_errors_are_reported_at_once(recorded: Recorder) -> None:
    body = {
        "lines": [{"product": "Lamp", "quantity": 0}, {"product": "ab"}],
        "due": "31/12/2026",
        "note": "quick",
    }
    target = "/shops/main/orders?dry_run=maybe"
    response = TestClient(orders.app).post(target, json=body)
    assert response.status_code == 422
    places = [error["loc"][0] for error in response.json()["detail"]]
    assert places == ["path", "query", "body", "body", "body", "body", "body"]
    request = f"POST {target} HTTP/1.1\nContent-Type: application/json\n\n"
    status_line = f"\n\nHTTP/1.1 {response.status_code} {response.reason_phrase}\n\n"
    recorded("errors.http", request + json.dumps(body) + status_line + shown(response))


def test_a_list_with_a_limit_adds_one_error_and_one_without_adds_some_for_each_element() -> (
    None
):
    class Unlimited(BaseModel):
        lines: list[orders.Line]

    app = FastAPI()

    @app.post("/unlimited")
    async def create(order: Unlimited) -> None:
        raise AssertionError(order)

    body: dict[str, list[object]] = {"lines": [{}] * 1000}
    errors = TestClient(orders.app).post(PATH, json=body).json()["detail"]
    assert [error["type"] for error in errors] == ["too_long"]
    answer = TestClient(app).post("/unlimited", json=body)
    assert len(answer.json()["detail"]) == 2000
    assert len(answer.content) > 10 * len(json.dumps(body))


def test_the_handler_sends_at_most_100_of_the_errors_of_unknown_fields() -> None:
    body = ORDER | {str(number): 1 for number in range(1000)}
    default = TestClient(orders.app).post(PATH, json=body)
    assert len(default.json()["detail"]) == 1000
    answer = TestClient(handled()).post(PATH, json=body)
    assert len(answer.json()["detail"]) == 100
    assert len(answer.content) < len(default.content) / 10


def test_the_limit_of_a_set_counts_what_fits_and_fail_fast_stops_at_the_first() -> None:
    class Tags(BaseModel):
        slow: set[int] = Field(default=set(), max_length=10)
        fast: set[int] = Field(default=set(), max_length=10, fail_fast=True)

    app = FastAPI()

    @app.post("/")
    async def endpoint(tags: Tags) -> None:
        return None

    http = TestClient(app)
    errors = [
        len(http.post("/", json={name: ["a"] * 1000}).json()["detail"])
        for name in ("slow", "fast")
    ]
    assert errors == [1000, 1]


@pytest.mark.parametrize("kind", [dict[str, int], tuple[int, ...], Sequence[int]])
def test_a_dict_a_tuple_and_a_sequence_add_their_errors_despite_max_length(
    kind: Any,
) -> None:
    class Prices(BaseModel):
        cents: Annotated[kind, Field(max_length=10)]

    app = FastAPI()

    @app.post("/")
    async def endpoint(prices: Prices) -> None:
        return None

    many: Any = ["a"] * 1000
    if kind == dict[str, int]:
        many = {str(number): "a" for number in range(1000)}
    errors = TestClient(app).post("/", json={"cents": many}).json()["detail"]
    assert len(errors) == 1000


def test_a_timedelta_that_python_cannot_hold_is_500_despite_the_handler() -> None:
    class Task(BaseModel):
        took: timedelta

    app = FastAPI()
    app.exception_handler(RequestValidationError)(without_input.validation_failed)

    @app.post("/")
    async def endpoint(task: Task) -> None:
        return None

    http = TestClient(app, raise_server_exceptions=False)
    assert http.post("/", json={"took": "PT1S"}).status_code == 200
    assert http.post("/", json={"took": "-P999999999DT1S"}).status_code == 500
    with pytest.raises(OverflowError):
        TestClient(app).post("/", json={"took": "-P999999999DT1S"})


def test_each_error_has_type_loc_msg_input_and_perhaps_ctx_but_no_url() -> None:
    response = TestClient(orders.app).post(PATH, json={"lines": [{"quantity": 0}]})
    missing, too_small = response.json()["detail"]
    assert set(missing) == {"type", "loc", "msg", "input"}
    assert set(too_small) == {"type", "loc", "msg", "input", "ctx"}
    assert too_small["ctx"] == {"gt": 0}


def test_the_place_of_an_error_in_a_union_names_the_member() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(value: Annotated[int | list[int], Body()]) -> None:
        return None

    errors = TestClient(app).post("/", json="x").json()["detail"]
    assert [e["loc"] for e in errors] == [["body", "int"], ["body", "list[int]"]]


def test_a_missing_field_has_the_object_around_it_as_input() -> None:
    response = TestClient(orders.app).post(PATH, json={"lines": [{"quantity": 2}]})
    (error,) = response.json()["detail"]
    assert error["type"] == "missing"
    assert error["loc"] == ["body", "lines", 0, "product"]
    assert error["input"] == {"quantity": 2}


CAUSES: list[tuple[str, dict[str, Any], str, list[Any]]] = [
    ("no body", {}, "missing", ["body"]),
    (
        "JSON without a Content-Type",
        {"content": json.dumps(ORDER)},
        "model_attributes_type",
        ["body"],
    ),
    (
        "JSON as text/plain",
        {"content": json.dumps(ORDER), "headers": {"Content-Type": "text/plain"}},
        "model_attributes_type",
        ["body"],
    ),
    ("a form", {"data": {"lines": "x"}}, "model_attributes_type", ["body"]),
    (
        "JSON encoded twice",
        {"json": json.dumps(ORDER)},
        "model_attributes_type",
        ["body"],
    ),
    (
        "Python quotes",
        {"content": str(ORDER), "headers": JSON},
        "json_invalid",
        ["body", 1],
    ),
    ("one level too deep", {"json": {"order": ORDER}}, "missing", ["body", "lines"]),
    (
        "a field that the model forbids",
        {"json": ORDER | {"note": "quick"}},
        "extra_forbidden",
        ["body", "note"],
    ),
    (
        "a date in another format",
        {"json": ORDER | {"due": "31/12/2026"}},
        "date_from_datetime_parsing",
        ["body", "due"],
    ),
    (
        "a time where a date belongs",
        {"json": ORDER | {"due": "2026-12-31T10:00:00"}},
        "date_from_datetime_inexact",
        ["body", "due"],
    ),
    (
        "a number for text",
        {"json": {"lines": [{"product": 123, "quantity": 1}]}},
        "string_type",
        ["body", "lines", 0, "product"],
    ),
]


@pytest.mark.parametrize(
    ("sent", "kind", "place"), [c[1:] for c in CAUSES], ids=[c[0] for c in CAUSES]
)
def test_each_cause_has_its_type_and_place(
    sent: dict[str, Any], kind: str, place: list[Any]
) -> None:
    response = TestClient(orders.app).post(PATH, **sent)
    assert response.status_code == 422
    errors = response.json()["detail"]
    assert [kind, place] in [[error["type"], error["loc"]] for error in errors]


@pytest.mark.parametrize(
    ("content_type", "accepted"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("application/problem+json", True),
        ("text/json", False),
        ("application/x-www-form-urlencoded", False),
    ],
)
def test_only_json_content_types_are_read_as_json(
    content_type: str, accepted: bool
) -> None:
    sent = {"Content-Type": content_type}
    response = TestClient(orders.app).post(
        PATH, content=json.dumps(ORDER), headers=sent
    )
    assert response.is_success is accepted


def test_strict_content_type_false_reads_json_without_a_content_type_only() -> None:
    lax = FastAPI(strict_content_type=False)

    @lax.post("/")
    async def create(order: orders.Order) -> None:
        return None

    http = TestClient(lax)
    assert http.post("/", content=json.dumps(ORDER)).status_code == 200
    sent = {"Content-Type": "text/plain"}
    assert http.post("/", content=json.dumps(ORDER), headers=sent).status_code == 422


def test_two_body_parameters_want_their_names_around_the_models() -> None:
    app = FastAPI()

    @app.post("/")
    async def create(order: orders.Order, urgent: bool, line: orders.Line) -> None:
        return None

    detail = TestClient(app).post("/?urgent=1", json=ORDER).json()["detail"]
    assert [error["loc"] for error in detail] == [["body", "order"], ["body", "line"]]


def test_malformed_json_is_the_only_error_and_names_the_position() -> None:
    response = TestClient(orders.app).post(
        "/shops/main/orders", content='{"lines": [}', headers=JSON
    )
    (error,) = response.json()["detail"]
    assert error["type"] == "json_invalid"
    assert error["loc"] == ["body", 11]
    assert error["input"] == {}
    assert error["ctx"] == {"error": "Expecting value"}


@pytest.mark.parametrize(
    "content",
    [b'{"lines": "\xff"}', b"[" * 100_000, b'{"lines": ' + b"9" * 5000 + b"}"],
)
def test_bytes_that_are_no_utf_8_and_json_out_of_python_s_limits_are_400(
    content: bytes,
) -> None:
    response = TestClient(orders.app).post(PATH, content=content, headers=JSON)
    assert response.status_code == 400
    assert response.json() == {"detail": "There was an error parsing the body"}


def test_json_in_utf_16_is_read() -> None:
    content = json.dumps(ORDER).encode("utf-16")
    response = TestClient(orders.app).post(PATH, content=content, headers=JSON)
    assert response.is_success


@pytest.mark.parametrize("key", ["\\ud800", "\\u0000"])
def test_the_handler_can_write_the_place_of_any_key(key: str) -> None:
    app = FastAPI()
    app.exception_handler(RequestValidationError)(without_input.validation_failed)

    @app.post("/")
    async def endpoint(stock: dict[str, int]) -> None:
        return None

    content = f'{{"{key}": "many"}}'
    response = TestClient(app).post("/", content=content, headers=JSON)
    assert response.status_code == 422


def test_a_field_under_another_name_than_its_alias_is_missing() -> None:
    class Person(BaseModel):
        first_name: str = Field(alias="firstName")

    app = FastAPI()

    @app.post("/")
    async def endpoint(person: Person) -> None:
        return None

    http = TestClient(app)
    (error,) = http.post("/", json={"first_name": "Ann"}).json()["detail"]
    assert (error["type"], error["loc"]) == ("missing", ["body", "firstName"])
    assert http.post("/", json={"firstName": "Ann"}).is_success


def test_json_for_a_login_form_is_missing_in_the_body() -> None:
    app = FastAPI()

    @app.post("/token")
    async def endpoint(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> None:
        return None

    http = TestClient(app)
    login = {"username": "ann", "password": "pw"}
    errors = http.post("/token", json=login).json()["detail"]
    assert [e["loc"] for e in errors] == [["body", "username"], ["body", "password"]]
    assert {e["type"] for e in errors} == {"missing"}
    assert http.post("/token", data=login).is_success


def test_a_value_in_json_for_a_parameter_without_body_is_missing_in_the_query() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(amount: int, note: str | None) -> None:
        return None

    errors = TestClient(app).post("/", json={"amount": 3}).json()["detail"]
    assert [e["loc"] for e in errors] == [["query", "amount"], ["query", "note"]]


def test_the_endpoint_does_not_run() -> None:
    app = FastAPI()
    calls: list[int] = []

    @app.get("/{number}")
    async def endpoint(number: int) -> None:
        calls.append(number)

    assert TestClient(app).get("/x").status_code == 422
    assert calls == []


def test_json_dumps_into_the_json_argument_is_422() -> None:
    http = TestClient(orders.app)
    response = wrong_client.create_order(http, ORDER)
    assert response.status_code == 422
    assert isinstance(response.json()["detail"][0]["input"], str)


def test_the_object_in_the_json_argument_is_accepted() -> None:
    assert client.create_order(TestClient(orders.app), ORDER).status_code == 200


def test_a_422_echoes_the_password(recorded: Recorder) -> None:
    body = {"password": "hunter2"}
    response = TestClient(wrong_default_answer.app).post("/signup", json=body)
    assert response.text.count("hunter2") == 2
    recorded("echo.json", shown(response))


def test_hide_input_in_errors_does_not_hide_it_from_the_answer() -> None:
    class Login(BaseModel):
        model_config = ConfigDict(hide_input_in_errors=True)
        password: str = Field(min_length=12)

    app = FastAPI()

    @app.post("/")
    async def endpoint(login: Login) -> None:
        return None

    response = TestClient(app).post("/", json={"password": "hunter2"})
    assert "hunter2" in response.text


def test_a_header_model_echoes_all_headers_when_one_is_missing() -> None:
    class Trace(BaseModel):
        x_trace_id: str

    app = FastAPI()

    @app.get("/")
    async def endpoint(trace: Annotated[Trace, Header()]) -> None:
        return None

    sent = {"Authorization": "Bearer s3cr3t"}
    response = TestClient(app).get("/", headers=sent)
    (error,) = response.json()["detail"]
    assert error["input"]["authorization"] == "Bearer s3cr3t"


def test_the_handler_leaves_the_input_out(recorded: Recorder) -> None:
    body = {"password": "hunter2"}
    response = TestClient(handled()).post("/signup", json=body)
    assert response.status_code == 422
    assert "hunter2" not in response.text
    recorded("without_input.json", shown(response))


CRASHES = {
    "NaN": '{"lines": NaN}',
    "Infinity": '{"lines": Infinity}',
    "1e999": '{"lines": 1e999}',
    "a number too large in a wrong place": '{"lines": [{"quantity": 1e999}]}',
    "beside a missing field": '{"due": NaN}',
    "a lone surrogate": '{"lines": "\\ud800"}',
    "a lone surrogate as a name": '{"lines": [], "\\ud800": 1}',
}


@pytest.mark.parametrize("content", CRASHES.values(), ids=CRASHES.keys())
def test_these_bodies_are_500_by_default_and_422_with_the_handler(content: str) -> None:
    default = TestClient(orders.app, raise_server_exceptions=False)
    assert default.post(PATH, content=content, headers=JSON).status_code == 500
    with pytest.raises((ValueError, UnicodeEncodeError)):
        TestClient(orders.app).post(PATH, content=content, headers=JSON)
    response = TestClient(handled()).post(PATH, content=content, headers=JSON)
    assert response.status_code == 422
    assert response.json()["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", ""])
def test_bytes_that_are_no_utf_8_and_not_sent_as_json_are_500_by_default(
    kind: str,
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    default = TestClient(orders.app, raise_server_exceptions=False)
    assert default.post(PATH, content=b"\xff", headers=headers).status_code == 500
    with pytest.raises(UnicodeDecodeError):
        TestClient(orders.app).post(PATH, content=b"\xff", headers=headers)
    response = TestClient(handled()).post(PATH, content=b"\xff", headers=headers)
    assert response.status_code == 422


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"files": {"upload": b"ab"}}, "missing"),
        ({"json": {"file": "ab"}}, "missing"),
        ({"content": b"ab"}, "missing"),
        ({"data": {"file": "ab"}}, "value_error"),
    ],
    ids=["another name", "JSON", "bare bytes", "text field"],
)
def test_a_file_is_missing_under_another_name_or_without_a_form(
    sent: dict[str, Any], kind: str
) -> None:
    app = FastAPI()

    @app.post("/")
    async def upload(file: UploadFile) -> str | None:
        return file.filename

    (error,) = TestClient(app).post("/", **sent).json()["detail"]
    assert (error["loc"], error["type"]) == (["body", "file"], kind)


def test_a_refused_file_that_is_no_utf_8_is_500_by_default() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(file: Annotated[bytes, File(max_length=1)]) -> None:
        return None

    client = TestClient(app, raise_server_exceptions=False)
    assert client.post("/", files={"file": b"ab"}).status_code == 422
    assert client.post("/", files={"file": b"\xff\xfe"}).status_code == 500


def test_such_a_value_beside_the_refused_one_leaves_the_422() -> None:
    class Parcel(BaseModel):
        weight: float
        label: str
        boxes: int

    app = FastAPI()

    @app.post("/")
    async def endpoint(parcel: Parcel) -> None:
        return None

    http = TestClient(app, raise_server_exceptions=False)
    content = '{"weight": NaN, "label": "\\ud800", "boxes": "x"}'
    assert http.post("/", content=content, headers=JSON).status_code == 422
    content = '{"weight": NaN, "label": "\\ud800"}'  # "input" is the object
    assert http.post("/", content=content, headers=JSON).status_code == 500


def test_bytes_of_a_form_that_are_no_utf_8_are_read_as_other_characters() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(name: Annotated[str, Form(max_length=1)]) -> None:
        return None

    http = TestClient(app, raise_server_exceptions=False)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for content in (b"name=%ff%ff", b"name=\xff\xff"):
        assert http.post("/", content=content, headers=form).status_code == 422


def test_an_error_of_a_before_validator_hides_those_of_the_fields() -> None:
    class Pair(BaseModel):
        a: int
        b: int

        @model_validator(mode="before")
        @classmethod
        def refuse(cls, value: object) -> object:
            raise ValueError("no")

    app = FastAPI()

    @app.post("/{number}")
    async def endpoint(number: int, pair: Pair) -> None:
        return None

    detail = TestClient(app).post("/x", json={"a": "x", "b": "y"}).json()["detail"]
    assert [error["loc"] for error in detail] == [["path", "number"], ["body"]]


def test_nan_is_a_value_error_and_a_lone_surrogate_a_unicode_encode_error() -> None:
    http = TestClient(orders.app)
    with pytest.raises(ValueError, match="Out of range float values"):
        http.post(PATH, content=CRASHES["NaN"], headers=JSON)
    with pytest.raises(UnicodeEncodeError):
        http.post(PATH, content=CRASHES["a lone surrogate"], headers=JSON)


@pytest.mark.parametrize("content", ['{"a": NaN}', '{"a": 1e999}', '{"s": "\\ud800"}'])
def test_a_float_takes_nan_and_infinity_and_a_str_takes_a_lone_surrogate(
    content: str,
) -> None:
    class Loose(BaseModel):
        a: float = 0
        s: str = ""

    app = FastAPI()

    @app.post("/")
    async def endpoint(loose: Loose) -> dict[str, Any]:
        return {"a": repr(loose.a), "s": ascii(loose.s)}

    @app.post("/echo", response_model=None)
    async def echo(loose: Loose) -> Loose:
        return loose

    http = TestClient(app, raise_server_exceptions=False)
    assert http.post("/", content=content, headers=JSON).status_code == 200
    assert http.post("/echo", content=content, headers=JSON).status_code == 500


def test_finite_floats_and_text_with_a_limit_refuse_them() -> None:
    app = FastAPI()
    app.exception_handler(RequestValidationError)(without_input.validation_failed)
    app.post("/prices")(finite_values.set_price)
    http = TestClient(app)
    for amount in ["NaN", "1e999", "-1"]:
        content = f'{{"amount": {amount}, "label": ""}}'
        response = http.post("/prices", content=content, headers=JSON)
        assert response.status_code == 422
    content = '{"amount": 1, "label": "\\ud800"}'
    response = http.post("/prices", content=content, headers=JSON)
    assert response.json()["detail"][0]["type"] == "string_unicode"
    assert http.post("/prices", json={"amount": 1, "label": ""}).is_success


def test_each_error_in_a_dict_repeats_the_keys_above_it_unless_they_are_short() -> None:
    class Plain(BaseModel):
        shops: dict[str, dict[str, int]]

    app = FastAPI()

    @app.put("/plain")
    async def set_plain(stock: Plain) -> None: ...

    app.put("/stock")(short_keys.set_stock)
    http = TestClient(app)
    body = {"shops": {"k" * 10_000: {str(number): "a" for number in range(1000)}}}
    size = len(json.dumps(body))
    plain = http.put("/plain", json=body)
    assert plain.status_code == 422
    assert size < 25_000
    assert len(plain.content) > 400 * size
    refused = http.put("/stock", json=body)
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["msg"].endswith("more than 80 characters")
    assert len(refused.content) < 2 * size
    stock = {"shops": {"Lyon": {"tea": 2}}}
    assert http.put("/stock", json=stock).json() == stock
    assert http.put("/stock", json={"shops": []}).status_code == 422


def test_a_validator_that_quotes_a_lone_surrogate_is_500_despite_the_handler() -> None:
    class Coupon(BaseModel):
        code: str

        @field_validator("code")
        @classmethod
        def known(cls, code: str) -> str:
            raise ValueError(f"no coupon {code}")

    app = FastAPI()
    app.exception_handler(RequestValidationError)(without_input.validation_failed)

    @app.post("/")
    async def endpoint(coupon: Coupon) -> None:
        return None

    http = TestClient(app, raise_server_exceptions=False)
    assert http.post("/", json={"code": "x"}).status_code == 422
    response = http.post("/", content='{"code": "\\ud800"}', headers=JSON)
    assert response.status_code == 500


@pytest.mark.parametrize("handler", [False, True])
def test_the_default_answer_reads_a_file_in_place_of_a_text(handler: bool) -> None:
    app = FastAPI()
    if handler:
        app.exception_handler(RequestValidationError)(without_input.validation_failed)

    @app.post("/token")
    def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> None: ...

    response = TestClient(app).post(
        "/token",
        files={"username": ("a.txt", b"a\n" * 1000)},
        data={"password": "hunter2"},
    )
    assert response.status_code == 422
    [error] = response.json()["detail"]
    assert error["loc"] == ["body", "username"]
    read = None if handler else {"97": 10}  # from each line
    assert error.get("input", {}).get("file") == read


def test_a_mounted_application_does_not_use_the_handler() -> None:
    app, mounted = handled(), FastAPI()
    mounted.post("/signup")(wrong_default_answer.sign_up)
    app.mount("/mounted", mounted)
    body = {"password": "hunter2"}
    response = TestClient(app).post("/mounted/signup", json=body)
    assert response.status_code == 422
    assert "hunter2" in response.text


def test_a_model_validator_runs_when_all_fields_fit_and_names_the_body() -> None:
    class Span(BaseModel):
        first: int
        last: int

        @model_validator(mode="after")
        def check(self) -> Self:
            if self.first > self.last:
                raise ValueError("first is after last")
            return self

    app = FastAPI()

    @app.post("/")
    async def endpoint(span: Span, limit: int) -> None:
        return None

    http = TestClient(app)
    wrong_type = http.post("/?limit=1", json={"first": 3, "last": "x"})
    assert [e["type"] for e in wrong_type.json()["detail"]] == ["int_parsing"]
    response = http.post("/?limit=1", json={"first": 3, "last": 2})
    (error,) = response.json()["detail"]
    assert error["loc"] == ["body"]
    assert error["type"] == "value_error"


def test_str_of_the_error_names_file_line_and_function() -> None:
    response = TestClient(wrong_str_of_error.app).get("/items/secret")
    assert wrong_str_of_error.__file__ in response.text
    assert re.search(r"line \d+, in read_item\n +GET /items/{item_id}", response.text)
    assert "'input': 'secret'" in response.text


def test_errors_of_a_validator_in_a_json_response_are_a_type_error() -> None:
    class Price(BaseModel):
        amount: int

        @field_validator("amount")
        @classmethod
        def check(cls, amount: int) -> int:
            raise ValueError("too high")

    app = FastAPI()

    @app.post("/")
    async def endpoint(price: Price) -> None:
        return None

    response = TestClient(app).post("/", json={"amount": 9})
    assert response.json()["detail"][0]["msg"] == "Value error, too high"

    other = FastAPI()
    other.post("/")(endpoint)

    @other.exception_handler(RequestValidationError)
    async def handler(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": error.errors()}, 422)

    with pytest.raises(TypeError, match="ValueError is not JSON serializable"):
        TestClient(other).post("/", json={"amount": 9})


def test_a_validation_error_raised_in_the_function_is_500() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint() -> None:
        orders.Line(product="ab", quantity=0)

    http = TestClient(app, raise_server_exceptions=False)
    assert http.get("/").status_code == 500


def test_detail_of_an_http_exception_is_what_was_passed_and_not_a_list() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint() -> None:
        raise HTTPException(422, "No such shop")

    assert TestClient(app).get("/").json() == {"detail": "No such shop"}


def test_the_status_has_a_new_name_and_the_old_one_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert status.HTTP_422_UNPROCESSABLE_CONTENT == 422
    with pytest.warns(Warning, match="HTTP_422_UNPROCESSABLE_ENTITY"):
        assert status.HTTP_422_UNPROCESSABLE_ENTITY == 422


def test_the_schema_documents_422_in_the_default_shape_despite_a_handler() -> None:
    schema = handled().openapi()
    answer = schema["paths"]["/signup"]["post"]["responses"]["422"]
    reference = answer["content"]["application/json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/HTTPValidationError"
    documented = schema["components"]["schemas"]["ValidationError"]
    assert set(documented["required"]) == {"loc", "msg", "type"}
    assert set(documented["properties"]) == {"loc", "msg", "type", "input", "ctx"}


def test_an_empty_value_is_no_missing_value_in_a_query() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint(limit: int | None = None) -> int | None:
        return limit

    (error,) = TestClient(app).get("/?limit=").json()["detail"]
    assert error["type"] == "int_parsing"


def test_some_messages_quote_the_value() -> None:
    class Card(BaseModel):
        kind: Literal["card"]

    class Cash(BaseModel):
        kind: Literal["cash"]

    class Payment(BaseModel):
        way: Annotated[Card | Cash, Field(discriminator="kind")]

    app = FastAPI()

    @app.post("/")
    async def endpoint(payment: Payment) -> None:
        return None

    body = {"way": {"kind": "hunter2"}}
    (error,) = TestClient(app).post("/", json=body).json()["detail"]
    assert "hunter2" in error["msg"]


def test_the_body_of_the_error_is_what_was_received() -> None:
    app = FastAPI()
    seen: list[object] = []

    @app.exception_handler(RequestValidationError)
    async def handler(request: Request, error: RequestValidationError) -> JSONResponse:
        seen.append(error.body)
        return JSONResponse({}, 422)

    app.post("/signup")(wrong_default_answer.sign_up)
    TestClient(app).post("/signup", json={"password": "hunter2"})
    assert seen == [{"password": "hunter2"}]


def test_numbers_in_json_strings_are_converted() -> None:
    body = {"lines": [{"product": "Lamp", "quantity": "2"}]}
    response = TestClient(orders.app).post(PATH, json=body)
    assert response.json()["lines"][0]["quantity"] == 2


def test_an_http_exception_of_a_dependency_comes_before_validation_errors() -> None:
    def check_token() -> None:
        raise HTTPException(401)

    app = FastAPI(dependencies=[Depends(check_token)])
    app.post("/shops/{shop_id}/orders")(orders.create_order)
    http = TestClient(app)
    assert http.post("/shops/main/orders", json={}).status_code == 401
    response = http.post("/shops/main/orders", content="{", headers=JSON)
    assert response.status_code == 422


def test_responses_documents_another_shape_of_422() -> None:
    class Problem(BaseModel):
        title: str

    app = FastAPI(responses={422: {"model": Problem}})
    app.post("/signup")(wrong_default_answer.sign_up)
    answer = app.openapi()["paths"]["/signup"]["post"]["responses"]["422"]
    reference = answer["content"]["application/json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/Problem"


@pytest.mark.parametrize("content", ["{'lines': []}", '{"lines": [],}'])
def test_single_quotes_and_trailing_commas_are_no_json(content: str) -> None:
    response = TestClient(orders.app).post(PATH, content=content, headers=JSON)
    (error,) = response.json()["detail"]
    assert error["type"] == "json_invalid"
    assert isinstance(error["loc"][1], int)
