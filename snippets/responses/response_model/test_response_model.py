import dataclasses
import importlib
import json
import textwrap
from typing import Any

import pytest
from fastapi import FastAPI, Response
from fastapi.exceptions import FastAPIError, ResponseValidationError
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, field_validator, model_validator
from typing_extensions import TypedDict

from snippets.responses.response_model import (
    model_beside_response,
    response_model_argument,
    return_annotation,
    shape_options,
    status_models,
    wrong_output,
)


def client(endpoint: Any, **options: Any) -> TestClient:
    app = FastAPI()
    app.get("/", **options)(endpoint)
    return TestClient(app, follow_redirects=False)


def test_the_return_annotation_is_the_response_model(recorded: Any) -> None:
    tester = TestClient(return_annotation.app)
    assert tester.get("/users/1").json() == {"id": 1, "name": "Ada", "nickname": None}
    schema = tester.get("/openapi.json").json()
    answers = schema["paths"]["/users/{user_id}"]["get"]["responses"]
    shown = {
        "200": answers["200"],
        "UserOut": schema["components"]["schemas"]["UserOut"],
    }
    recorded("schema.json", json.dumps(shown, indent=2))


def test_response_model_wins_over_the_return_annotation() -> None:
    answer = TestClient(response_model_argument.app).get("/users/1")
    assert answer.json() == {"id": 1, "name": "Ada"}


def test_response_model_none_switches_the_annotation_off() -> None:
    def endpoint() -> dict[str, int]:
        return {"a": "no number"}  # type: ignore[dict-item]

    assert client(endpoint, response_model=None).get("/").json() == {"a": "no number"}


def test_a_response_among_other_types_is_refused_at_import(recorded: Any) -> None:
    with pytest.raises(FastAPIError) as caught:
        importlib.import_module(
            "snippets.responses.response_model.wrong_response_union"
        )
    recorded("error.txt", textwrap.fill(f"FastAPIError: {caught.value}", 84))


def test_response_model_beside_an_annotation_with_a_response() -> None:
    tester = TestClient(model_beside_response.app, follow_redirects=False)
    assert tester.get("/portal").json() == {"message": "Here is your portal"}
    assert tester.get("/portal?go=yes").status_code == 307
    schema = json.dumps(tester.get("/openapi.json").json())
    assert "#/components/schemas/Portal" in schema


def test_a_response_subclass_as_annotation_makes_no_model() -> None:
    def endpoint() -> JSONResponse:
        return JSONResponse({"a": 1})

    tester = client(endpoint)
    assert tester.get("/").json() == {"a": 1}
    answers = tester.get("/openapi.json").json()["paths"]["/"]["get"]["responses"]
    assert answers["200"]["content"] == {"application/json": {"schema": {}}}


def test_none_as_annotation_checks_nothing() -> None:
    def endpoint() -> None:
        return {"secret": 1}  # type: ignore[return-value]

    assert client(endpoint).get("/").json() == {"secret": 1}


def test_output_that_does_not_fit_is_a_500(recorded: Any) -> None:
    app = wrong_output.app
    answer = TestClient(app, raise_server_exceptions=False).get("/users/2")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    with pytest.raises(ResponseValidationError) as caught:
        TestClient(app).get("/users/2")
    recorded("invalid_output.json", json.dumps(caught.value.errors(), indent=2))


def test_output_is_converted_as_input_is() -> None:
    def endpoint() -> Any:
        return {"id": "7", "name": "Ada"}

    options = {"response_model": wrong_output.UserOut}
    assert client(endpoint, **options).get("/").json() == {"id": 7, "name": "Ada"}


def test_a_model_for_another_status_is_documented() -> None:
    tester = TestClient(status_models.app)
    answer = tester.get("/users/2")
    assert (answer.status_code, answer.json()) == (404, {"detail": "No such user"})
    assert tester.get("/users/1").json() == {"id": 1, "name": "Ada"}
    paths = tester.get("/openapi.json").json()["paths"]
    content = paths["/users/{user_id}"]["get"]["responses"]["404"]["content"]
    assert content["application/json"]["schema"]["$ref"].endswith("/Problem")


def test_a_model_for_another_status_is_not_checked() -> None:
    def endpoint() -> JSONResponse:
        return JSONResponse({"other": 1}, status_code=404)

    options = {"responses": {404: {"model": status_models.Problem}}}
    assert client(endpoint, **options).get("/").json() == {"other": 1}


def test_options_of_the_decorator_change_the_shape(recorded: Any) -> None:
    tester = TestClient(shape_options.app)
    paths = ("/default", "/unset", "/defaults", "/none", "/names")
    lines = [f"{path:10} {tester.get(path).text}" for path in paths]
    recorded("shapes.txt", "\n".join(lines))


def test_the_schema_still_requires_a_key_that_an_option_leaves_out() -> None:
    class Measured(BaseModel):
        value: int | None

    def endpoint() -> Measured:
        return Measured(value=None)

    tester = client(endpoint, response_model_exclude_none=True)
    assert tester.get("/").json() == {}
    schemas = tester.get("/openapi.json").json()["components"]["schemas"]
    assert schemas["Measured"]["required"] == ["value"]


def test_a_default_is_not_required_in_the_schema_unless_the_model_says_so() -> None:
    class Item(BaseModel):
        model_config = ConfigDict(json_schema_serialization_defaults_required=True)
        note: str | None = None

    def endpoint() -> Item:
        return Item()

    schemas = client(endpoint).get("/openapi.json").json()["components"]["schemas"]
    assert schemas["Item"]["required"] == ["note"]
    assert (
        "nickname"
        not in return_annotation.app.openapi()["components"]["schemas"]["UserOut"][
            "required"
        ]
    )


def test_response_is_a_class_and_no_decorator() -> None:
    with pytest.raises(AttributeError, match="'function' object has no attribute"):

        @Response
        def endpoint() -> None: ...


def test_a_response_model_needs_no_pydantic_class() -> None:
    @dataclasses.dataclass
    class Point:
        x: int

    class Row(TypedDict):
        x: int

    def endpoint() -> Any:
        return {"x": "1", "y": 2}

    for model in (Point, Row):
        assert client(endpoint, response_model=model).get("/").json() == {"x": 1}

    def numbers() -> Any:
        return ["1", "2"]

    assert client(numbers, response_model=list[int]).get("/").json() == [1, 2]


def test_the_exact_class_decides_in_a_union_and_the_better_fit_for_a_dict() -> None:
    class Cat(BaseModel):
        name: str

    class Tiger(Cat):
        stripes: int = 9

    def instance() -> Cat | Tiger:
        return Cat(name="Tom")

    def mapping() -> Any:
        return {"name": "Tom"}

    options = {"response_model": Tiger | Cat}
    assert client(instance, **options).get("/").json() == {"name": "Tom"}
    assert client(mapping, **options).get("/").json() == {"name": "Tom", "stripes": 9}


def test_a_returned_instance_is_not_validated_field_by_field_again() -> None:
    calls: list[str] = []

    class Checked(BaseModel):
        value: int

        @field_validator("value")
        @classmethod
        def check_value(cls, value: int) -> int:
            calls.append("field")
            return value

        @model_validator(mode="after")
        def check_model(self) -> "Checked":
            calls.append("model")
            return self

    instance = Checked(value=1)
    calls.clear()

    def as_instance() -> Checked:
        return instance

    def as_dict() -> Any:
        return {"value": 1}

    client(as_instance).get("/")
    assert calls == ["model"]
    calls.clear()
    client(as_dict, response_model=Checked).get("/")
    assert calls == ["field", "model"]
