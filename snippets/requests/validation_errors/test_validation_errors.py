import json
import re
import warnings
from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

import pytest
from fastapi import Depends, FastAPI, Header, HTTPException, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from snippets.requests.validation_errors import (
    client,
    orders,
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
    recorded("errors.json", shown(response))


def test_each_error_has_type_loc_msg_input_and_perhaps_ctx_but_no_url() -> None:
    response = TestClient(orders.app).post(PATH, json={"lines": [{"quantity": 0}]})
    missing, too_small = response.json()["detail"]
    assert set(missing) == {"type", "loc", "msg", "input"}
    assert set(too_small) == {"type", "loc", "msg", "input", "ctx"}
    assert too_small["ctx"] == {"gt": 0}


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
    assert error["ctx"] == {"error": "Expecting value"}


def test_a_body_that_is_not_utf_8_is_400() -> None:
    response = TestClient(orders.app).post(PATH, content=b"\xff", headers=JSON)
    assert response.status_code == 400


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
    response = TestClient(without_input.app).post("/signup", json=body)
    assert response.status_code == 422
    assert "hunter2" not in response.text
    recorded("without_input.json", shown(response))


def test_nan_in_the_body_makes_the_default_handler_fail_with_500() -> None:
    app = FastAPI()
    app.post("/prices")(without_input.set_price)
    http = TestClient(app, raise_server_exceptions=False)
    response = http.post("/prices", content='{"amount": NaN}', headers=JSON)
    assert response.status_code == 500
    with pytest.raises(ValueError, match="Out of range float values"):
        TestClient(app).post("/prices", content='{"amount": NaN}', headers=JSON)


def test_a_lone_surrogate_is_500_by_default_and_422_without_the_input() -> None:
    app = FastAPI()
    app.post("/prices")(without_input.set_price)
    content = '{"amount": "\\ud800"}'
    http = TestClient(app, raise_server_exceptions=False)
    assert http.post("/prices", content=content, headers=JSON).status_code == 500
    with pytest.raises(UnicodeEncodeError):
        TestClient(app).post("/prices", content=content, headers=JSON)
    http = TestClient(without_input.app)
    assert http.post("/prices", content=content, headers=JSON).status_code == 422


def test_a_mounted_application_does_not_use_the_handler() -> None:
    app, mounted = FastAPI(), FastAPI()
    app.exception_handler(RequestValidationError)(without_input.validation_failed)
    mounted.post("/signup")(without_input.sign_up)
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


def test_nan_in_the_body_is_422_without_the_input() -> None:
    http = TestClient(without_input.app)
    response = http.post("/prices", content='{"amount": NaN}', headers=JSON)
    assert response.status_code == 422


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
    schema = without_input.app.openapi()
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

    app.post("/signup")(without_input.sign_up)
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
    app.post("/signup")(without_input.sign_up)
    answer = app.openapi()["paths"]["/signup"]["post"]["responses"]["422"]
    reference = answer["content"]["application/json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/Problem"


@pytest.mark.parametrize("content", ["{'lines': []}", '{"lines": [],}'])
def test_single_quotes_and_trailing_commas_are_no_json(content: str) -> None:
    response = TestClient(orders.app).post(PATH, content=content, headers=JSON)
    (error,) = response.json()["detail"]
    assert error["type"] == "json_invalid"
    assert isinstance(error["loc"][1], int)
