import dataclasses
import importlib
import json
import sys
import textwrap
import typing
from typing import Any

import pytest
from fastapi import FastAPI, Response
from fastapi.exceptions import FastAPIError, ResponseValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.testclient import TestClient
from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.errors import PydanticUserError
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
    paths = ("/users/1", "/users", "/users/2")
    answers = [f"GET {path}\n{tester.get(path).text}" for path in paths]
    recorded("answers.txt", "\n\n".join(answers))
    assert tester.get("/users/2").status_code == 404
    schema = tester.get("/openapi.json").json()
    answer = schema["paths"]["/users/{user_id}"]["get"]["responses"]["200"]
    reference = answer["content"]["application/json"]["schema"]["$ref"]
    assert reference == "#/components/schemas/UserOut"
    assert schema["components"]["schemas"]["UserOut"]["required"] == ["id", "name"]


def test_response_model_wins_over_the_return_annotation() -> None:
    tester = TestClient(response_model_argument.app)
    assert tester.get("/users/1").json() == {"id": 1, "name": "Ada"}
    assert tester.get("/users/2").status_code == 404


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


def test_a_union_of_responses_is_refused_too() -> None:
    def portal() -> JSONResponse | RedirectResponse:
        raise NotImplementedError

    with pytest.raises(FastAPIError, match="Invalid args for response field"):
        FastAPI().get("/portal")(portal)


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


def test_a_typed_dict_of_typing_is_refused_before_python_3_12() -> None:
    class Row(typing.TypedDict):
        x: int

    if sys.version_info >= (3, 12):
        assert client(lambda: {"x": 1}, response_model=Row).get("/").json() == {"x": 1}
    else:
        with pytest.raises(
            PydanticUserError, match=r"use `typing_extensions\.TypedDict`"
        ):
            client(lambda: {"x": 1}, response_model=Row)


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


def test_of_a_returned_instance_only_after_and_wrap_model_validators_run_again() -> (
    None
):
    calls: list[str] = []

    class Checked(BaseModel):
        value: int

        @field_validator("value")
        @classmethod
        def check_value(cls, value: int) -> int:
            calls.append("field")
            return value

        @model_validator(mode="before")
        @classmethod
        def check_before(cls, data: Any) -> Any:
            calls.append("before")
            return data

        @model_validator(mode="wrap")
        @classmethod
        def check_around(
            cls, data: Any, handler: ModelWrapValidatorHandler["Checked"]
        ) -> "Checked":
            calls.append("wrap")
            return handler(data)

        @model_validator(mode="after")
        def check_after(self) -> "Checked":
            calls.append("after")
            return self

    instance = Checked(value=1)
    calls.clear()

    def as_instance() -> Checked:
        return instance

    def as_dict() -> Any:
        return {"value": 1}

    client(as_instance).get("/")
    assert sorted(calls) == ["after", "wrap"]
    calls.clear()
    client(as_dict, response_model=Checked).get("/")
    assert sorted(calls) == ["after", "before", "field", "wrap"]


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_a_constructed_instance_is_sent_unchecked() -> None:
    def endpoint() -> wrong_output.UserOut:
        return wrong_output.UserOut.model_construct(id="seven", name="Ada")  # type: ignore[arg-type]

    answer = client(endpoint).get("/")
    assert (answer.status_code, answer.json()) == (200, {"id": "seven", "name": "Ada"})


def test_an_object_is_read_without_from_attributes() -> None:
    class Row:
        id, name = 1, "Ada"

    options = {"response_model": wrong_output.UserOut}
    assert client(lambda: Row(), **options).get("/").json() == {"id": 1, "name": "Ada"}


def test_a_dataclass_takes_no_other_object() -> None:
    @dataclasses.dataclass
    class Point:
        x: int

    class Row:
        x = 1

    with pytest.raises(ResponseValidationError, match="dataclass_type"):
        client(lambda: Row(), response_model=Point).get("/")


def test_none_fits_a_model_or_none() -> None:
    def endpoint() -> wrong_output.UserOut | None:
        return None

    answer = client(endpoint).get("/")
    assert (answer.status_code, answer.text) == (200, "null")


def test_exclude_none_keeps_the_keys_of_a_plain_dict() -> None:
    def endpoint() -> dict[str, int | None]:
        return {"a": None}

    answer = client(endpoint, response_model_exclude_none=True).get("/")
    assert answer.json() == {"a": None}


def test_include_and_exclude_name_the_keys() -> None:
    def endpoint() -> wrong_output.UserOut:
        return wrong_output.UserOut(id=1, name="Ada")

    only = client(endpoint, response_model_include={"name"})
    assert only.get("/").json() == {"name": "Ada"}
    without = client(endpoint, response_model_exclude={"name"})
    assert without.get("/").json() == {"id": 1}


def test_include_and_exclude_on_a_list_need_all() -> None:
    def endpoint() -> list[wrong_output.UserOut]:
        return [wrong_output.UserOut(id=1, name="Ada")]

    whole = [{"id": 1, "name": "Ada"}]
    assert client(endpoint, response_model_include={"name"}).get("/").json() == []
    assert client(endpoint, response_model_exclude={"name"}).get("/").json() == whole
    only = client(endpoint, response_model_include={"__all__": {"name"}})
    assert only.get("/").json() == [{"name": "Ada"}]
    without = client(endpoint, response_model_exclude={"__all__": {"name"}})
    assert without.get("/").json() == [{"id": 1}]


def test_an_alias_generator_needs_validate_by_name_for_dicts_and_objects() -> None:
    class Row:
        item_name = "plumbus"

    class Alias(BaseModel):
        model_config = ConfigDict(alias_generator=to_camel)
        item_name: str

    class Both(BaseModel):
        model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)
        item_name: str

    for output in ({"item_name": "plumbus"}, Row()):
        with pytest.raises(ResponseValidationError, match="itemName"):
            client(lambda sent=output: sent, response_model=Alias).get("/")
        answer = client(lambda sent=output: sent, response_model=Both).get("/")
        assert answer.json() == {"itemName": "plumbus"}

    class Optional(Alias):
        item_name: str = "default"

    for output in ({"item_name": "plumbus"}, Row()):
        answer = client(lambda sent=output: sent, response_model=Optional).get("/")
        assert answer.json() == {"itemName": "default"}


def test_revalidate_instances_validates_a_returned_instance_in_full() -> None:
    class Checked(BaseModel):
        model_config = ConfigDict(revalidate_instances="always")
        id: int

    def endpoint() -> Checked:
        return Checked.model_construct(id="seven")  # type: ignore[arg-type]

    with pytest.raises(ResponseValidationError):
        client(endpoint).get("/")


def test_a_class_that_pydantic_does_not_know_is_refused_at_import() -> None:
    class Row: ...

    def endpoint() -> Row:
        return Row()

    with pytest.raises(FastAPIError, match="Invalid args for response field"):
        client(endpoint)


def test_a_status_without_a_body_takes_no_model() -> None:
    def endpoint() -> wrong_output.UserOut:
        return wrong_output.UserOut(id=1, name="Ada")

    with pytest.raises(AssertionError, match="must not have a response body"):
        client(endpoint, status_code=204)
