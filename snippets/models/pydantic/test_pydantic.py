import importlib
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from importlib.metadata import requires
from typing import Annotated, Any

import httpx
import httpx2
import pydantic
import pytest
from fastapi import FastAPI, Path, Query
from fastapi.exceptions import PydanticV1NotSupportedError, ResponseValidationError
from fastapi.testclient import TestClient
from packaging.requirements import Requirement
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic.errors import PydanticImportError

from snippets.models.pydantic import (
    conversions,
    current_model,
    item,
    order,
    refused_key,
    settings,
    wrong_ignored_key,
    wrong_optional,
)

JSON = {"Content-Type": "application/json"}
FOLDER = "snippets.models.pydantic"
ORDER = {"item": "plumbus", "quantity": "3", "deliver_on": "2026-12-01"}


def exchange(body: dict[str, Any]) -> str:
    answer = TestClient(item.app).post("/items", json=body)
    lines = ["POST /items", json.dumps(body), ""]
    lines += [f"{answer.status_code} {answer.reason_phrase}", answer.text]
    return "\n".join(lines)


@pytest.mark.since(starlette="1.2.0")
def test_a_body_that_fits_and_one_that_does_not(recorded: Any) -> None:
    fits = exchange({"name": "tea", "price": "4.5"})
    recorded("exchanges.http", f"{fits}\n\n{exchange({'price': 'cheap'})}")


def test_half_a_surrogate_pair_is_a_str_and_a_500_when_it_is_sent_back() -> None:
    client = TestClient(item.app, raise_server_exceptions=False)
    body = '{"name": "\\ud800", "price": 1}'
    headers = {"Content-Type": "application/json"}
    assert client.post("/items", content=body, headers=headers).status_code == 500
    tea = item.Item.model_validate({"name": "\ud800", "price": 1})
    assert tea.name == "\ud800"


@pytest.mark.since(starlette="1.2.0")
def test_httpx2_and_httpx_have_different_words_for_422() -> None:
    assert httpx2.codes.get_reason_phrase(422) == "Unprocessable Content"
    assert httpx.codes.get_reason_phrase(422) == "Unprocessable Entity"
    assert issubclass(TestClient, httpx2.Client)


def test_a_float_takes_nan_unless_told_otherwise() -> None:
    class Finite(BaseModel):
        price: float = Field(allow_inf_nan=False)

    tester = TestClient(item.app)
    body = b'{"name": "tea", "price": NaN}'
    answer = tester.post("/items", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["price"]) == (200, None)
    with pytest.raises(ValidationError):
        Finite(price=float("nan"))


def test_nan_in_a_result_without_a_return_type_is_a_500() -> None:
    app = FastAPI()
    app.post("/declared", response_model=item.Item)(item.create_item)
    app.post("/undeclared", response_model=None)(item.create_item)
    tester = TestClient(app, raise_server_exceptions=False)
    body = b'{"name": "tea", "price": NaN}'
    statuses = [
        tester.post(path, content=body, headers=JSON).status_code
        for path in ("/declared", "/undeclared")
    ]
    assert statuses == [200, 500]


def test_none_in_the_type_does_not_make_a_field_optional() -> None:
    body = {"name": "tea", "price": 4.5}
    answer = TestClient(wrong_optional.app).post("/items", json=body)
    assert answer.json()["detail"][0]["loc"] == ["body", "tax"]
    assert answer.json()["detail"][0]["type"] == "missing"
    assert TestClient(item.app).post("/items", json=body).status_code == 200


def test_a_value_outside_of_the_declared_result_is_a_500() -> None:
    app = FastAPI()

    @app.get("/", response_model=item.Item)
    def endpoint() -> Any:
        return {"name": "tea"}

    with pytest.raises(ResponseValidationError):
        TestClient(app).get("/")
    tester = TestClient(app, raise_server_exceptions=False)
    assert tester.get("/").status_code == 500


def test_an_instance_of_the_model_is_not_checked_again_as_a_result() -> None:
    app = FastAPI()

    @app.get("/")
    def endpoint() -> item.Item:
        tea = item.Item(name="tea", price=4.5)
        tea.price = "cheap"  # type: ignore[assignment]
        return tea

    with pytest.warns(UserWarning, match="Expected `float`"):
        response = TestClient(app).get("/")
    assert (response.status_code, response.json()["price"]) == (200, "cheap")


def test_model_dump_gives_a_dict_and_with_exclude_unset_what_was_sent() -> None:
    tea = item.Item.model_validate({"name": "tea", "price": 4.5})
    assert tea.model_dump() == {"name": "tea", "price": 4.5, "tax": None}
    assert tea.model_dump(exclude_unset=True) == {"name": "tea", "price": 4.5}


def test_a_model_validator_compares_fields() -> None:
    class Period(BaseModel):
        start: date
        end: date

        @model_validator(mode="after")
        def in_order(self) -> "Period":
            if self.end < self.start:
                raise ValueError("the end is before the start")
            return self

    with pytest.raises(ValidationError, match="before the start"):
        Period(start=date(2026, 2, 1), end=date(2026, 1, 1))


def test_the_new_names_of_pydantic_2() -> None:
    tea: Any = item.Item(name="tea", price=4.5)
    old_pydantic: Any = pydantic
    with pytest.warns(DeprecationWarning, match="model_dump"):
        assert tea.dict() == tea.model_dump()
    with pytest.warns(UserWarning, match="'orm_mode' has been renamed"):

        class Row(BaseModel):
            model_config = ConfigDict(orm_mode=True)  # type: ignore[typeddict-unknown-key]

    with pytest.warns(DeprecationWarning, match="field_validator"):
        old_pydantic.validator("name")


def test_fastapi_needs_pydantic_2_9_since_0_135_2(
    older: Callable[[str, str], bool],
) -> None:
    parsed = [Requirement(line) for line in requires("fastapi") or []]
    [need_of_pydantic] = [need for need in parsed if need.name == "pydantic"]
    oldest = "2.7.0" if older("fastapi", "0.135.2") else "2.9.0"
    assert str(need_of_pydantic.specifier) == f">={oldest}"


def test_the_path_operation_gets_a_validated_object() -> None:
    answer = TestClient(order.app).post("/orders", json=ORDER)
    assert answer.status_code == 201
    assert answer.json() == ORDER | {"quantity": 3, "id": 1}


def test_all_errors_come_in_one_422(recorded: Any) -> None:
    body = {"quantity": 0, "deliver_on": "2026-12-06", "colour": "red"}
    answer = TestClient(order.app).post("/orders", json=body)
    assert answer.status_code == 422
    lines = [
        f"{'.'.join(error['loc']):16} {error['type']:20} {error['msg']}"
        for error in answer.json()["detail"]
    ]
    recorded("errors.txt", "\n".join(lines))


def test_a_model_can_hold_the_query_parameters() -> None:
    tester = TestClient(order.app)
    answer = tester.get("/orders?limit=5")
    assert answer.json() == {"sort": "id", "limit": 5}
    assert tester.get("/orders?sort=price").status_code == 422


def test_a_model_can_hold_the_path_parameters() -> None:
    class Place(BaseModel):
        shop_id: int
        order_id: int

    app = FastAPI()

    @app.get("/shops/{shop_id}/orders/{order_id}")  # noqa: FAST003
    def endpoint(place: Annotated[Place, Path()]) -> Place:
        return place

    tester = TestClient(app)
    answer = tester.get("/shops/1/orders/2")
    assert answer.json() == {"shop_id": 1, "order_id": 2}
    (error,) = tester.get("/shops/1/orders/x").json()["detail"]
    assert error["loc"] == ["path", "order_id"]


def test_constraints_and_types_are_in_the_openapi_document() -> None:
    schemas = order.app.openapi()["components"]["schemas"]
    assert schemas["NewOrder"]["properties"]["quantity"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "title": "Quantity",
    }


def test_pydantic_alone_makes_json_schema_and_no_openapi_document() -> None:
    schema = order.NewOrder.model_json_schema()
    assert {"openapi", "paths", "info"}.isdisjoint(schema)


def test_a_parameter_is_validated_without_any_model() -> None:
    app = FastAPI()

    def even(number: int) -> int:
        if number % 2:
            raise ValueError("odd")
        return number

    @app.get("/{number}")
    def endpoint(number: Annotated[int, AfterValidator(even)]) -> int:
        return number

    tester = TestClient(app)
    assert tester.get("/4").json() == 4
    assert tester.get("/5").json()["detail"][0]["msg"] == "Value error, odd"


VALUES: list[tuple[str, Any]] = [
    ("count", "5"),
    ("count", 1.0),
    ("count", 1.5),
    ("count", True),
    ("done", "yes"),
    ("done", 1),
    ("done", 2),
    ("name", 5),
]


def outcome(answer: Any, key: str) -> str:
    return json.dumps(answer.json()[key]) if answer.status_code == 200 else "422"


def test_lax_mode_converts_and_strict_mode_refuses(recorded: Any) -> None:
    tester = TestClient(conversions.app)
    lines = ["field    sent     lax    strict"]
    for key, value in VALUES:
        lax = outcome(tester.post("/lax", json={key: value}), key)
        strict = outcome(tester.post("/strict", json={key: value}), key)
        lines.append(f"{key:8} {json.dumps(value):8} {lax:6} {strict}")
    recorded("conversions.txt", "\n".join(lines))


def test_a_query_parameter_is_text_and_converted_as_a_body_is() -> None:
    answer = TestClient(conversions.app).get("/query?count=5&done=yes")
    assert answer.json() == {"count": 5, "done": True}


def test_a_strict_query_parameter_refuses_every_number() -> None:
    app = FastAPI()

    @app.get("/")
    def endpoint(count: Annotated[int, Query(strict=True)]) -> int:
        return count

    assert TestClient(app).get("/?count=5").status_code == 422


def test_a_path_value_behind_a_converter_is_no_text() -> None:
    app = FastAPI()

    @app.get("/{number:int}")
    def endpoint(number: Annotated[int, Path(strict=True)]) -> int:
        return number

    assert TestClient(app).get("/5").json() == 5


def test_one_field_can_be_strict() -> None:
    tester = TestClient(conversions.app)
    assert tester.post("/payments", json={"amount": "5"}).status_code == 422
    assert tester.post("/payments", json={"amount": 5}).json() == {"amount": 5}


def test_a_strict_decimal_refuses_each_json_body() -> None:
    class Price(BaseModel):
        amount: Annotated[Decimal, Field(strict=True)]

    app = FastAPI()

    @app.post("/")
    def endpoint(body: Price) -> None: ...

    for amount in ("9.99", 9.99, 9):
        answer = TestClient(app).post("/", json={"amount": amount})
        assert answer.json()["detail"][0]["type"] == "is_instance_of"


def test_strict_mode_refuses_a_date_because_fastapi_validates_parsed_json() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(strict=True)
        day: date

    app = FastAPI()

    @app.post("/")
    def endpoint(body: Strict) -> Strict:
        return body

    assert Strict.model_validate_json('{"day": "2026-12-01"}').day == date(2026, 12, 1)
    answer = TestClient(app).post("/", json={"day": "2026-12-01"})
    assert answer.json()["detail"][0]["type"] == "date_type"


def test_an_unknown_key_is_ignored() -> None:
    answer = TestClient(wrong_ignored_key.app).put(
        "/settings", json={"newsleter": False}
    )
    assert (answer.status_code, answer.json()) == (200, {"newsletter": True})


def test_an_unknown_key_is_refused_with_forbid() -> None:
    answer = TestClient(refused_key.app).put("/settings", json={"newsleter": False})
    assert answer.json()["detail"][0]["type"] == "extra_forbidden"


def test_a_constraint_beside_a_default_does_not_check_the_default() -> None:
    class Page(BaseModel):
        limit: Annotated[int, Field(ge=1)] = 0

    assert Page().limit == 0


def test_a_mutable_default_is_copied_for_each_instance() -> None:
    class Basket(BaseModel):
        items: list[str] = []

    Basket().items.append("plumbus")
    assert Basket().items == []


def test_model_validate_checks_a_dict() -> None:
    assert order.NewOrder.model_validate(ORDER).quantity == 3
    with pytest.raises(ValidationError):
        order.NewOrder.model_validate(ORDER | {"quantity": "many"})


def test_an_assignment_is_not_validated() -> None:
    new = order.NewOrder.model_validate(ORDER)
    new.quantity = -1
    assert new.quantity == -1

    class Checked(BaseModel):
        model_config = ConfigDict(validate_assignment=True)
        price: float

    checked, cheap = Checked(price=1), "cheap"
    with pytest.raises(ValidationError):
        checked.price = cheap  # type: ignore[assignment]


def test_a_model_knows_no_database() -> None:
    names = {name.lower() for name in dir(BaseModel)}
    assert names.isdisjoint({"save", "query", "session", "select", "commit", "delete"})


def test_a_model_reads_the_attributes_of_an_object_when_told_to() -> None:
    class Row:
        name = "ada"

    class User(BaseModel):
        model_config = ConfigDict(from_attributes=True)
        name: str

    assert User.model_validate(Row()).name == "ada"


def test_validation_is_work_that_grows_with_the_data() -> None:
    calls: list[int] = []

    def count(number: int) -> int:
        calls.append(number)
        return number

    app = FastAPI()

    @app.post("/")
    def endpoint(numbers: list[Annotated[int, AfterValidator(count)]]) -> None: ...

    TestClient(app).post("/", json=list(range(1000)))
    assert len(calls) == 1000


def test_base_settings_has_left_pydantic(recorded: Any) -> None:
    with pytest.raises(PydanticImportError) as caught:
        importlib.import_module(f"{FOLDER}.wrong_settings_import")
    text = f"PydanticImportError: {caught.value}"
    recorded("settings_error.txt", text.split(" See ")[0])


def test_base_settings_of_pydantic_settings_reads_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/app")
    assert settings.Settings().database_url == "postgresql://db/app"


def test_a_model_of_pydantic_v1_is_refused(recorded: Any) -> None:
    with pytest.raises(PydanticV1NotSupportedError) as caught:
        importlib.import_module(f"{FOLDER}.wrong_v1_model")
    text = f"PydanticV1NotSupportedError: {caught.value}"
    recorded("v1_error.txt", text.replace(". ", ".\n"))


def test_a_model_of_pydantic_is_accepted() -> None:
    answer = TestClient(current_model.app).post("/items", json={"name": "plumbus"})
    assert answer.status_code == 200


def test_a_secret_str_is_masked_in_json_too() -> None:
    class Login(BaseModel):
        password: SecretStr

    assert "hunter2" not in Login(password=SecretStr("hunter2")).model_dump_json()
