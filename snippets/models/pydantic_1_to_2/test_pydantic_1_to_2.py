import asyncio
import importlib
import json
import sys
import warnings
from datetime import timedelta
from decimal import Decimal
from importlib.metadata import requires
from typing import Annotated, Any, Union

import pydantic
import pytest
from fastapi import Body, FastAPI, Query
from fastapi.exceptions import FastAPIDeprecationWarning, PydanticV1NotSupportedError
from fastapi.testclient import TestClient
from packaging.requirements import Requirement
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    PydanticDeprecatedSince20,
    PydanticUserError,
    TypeAdapter,
    ValidationError,
)
from pydantic.errors import PydanticImportError

from snippets.models.pydantic_1_to_2 import (
    migrated,
    model_validator,
    optional_query,
    required,
    right_config,
    wrong_optional_query,
)

FOLDER = "snippets.models.pydantic_1_to_2"
MODEL = "class M(BaseModel):\n  a: int = 1\n"


def run(source: str) -> Any:
    """Run lines that a reader may have; give what they leave in `r`."""
    names: dict[str, Any] = {}
    exec(f"from typing import *\nfrom pydantic import *\n{source}", names)
    return names.get("r")


def imported(name: str) -> Any:
    sys.modules.pop(f"{FOLDER}.{name}", None)
    return importlib.import_module(f"{FOLDER}.{name}")


def test_a_migrated_application(recorded: Any) -> None:
    client = TestClient(migrated.app)
    lines = []
    for body in (
        {"code": "TEA1", "price": "4.50", "tags": ["Green"]},
        {"code": "tea", "price": 4.5, "offer": None},
        {"code": "TEA1", "price": "4.50", "offer": "5"},
    ):
        answer = client.post("/products", json=body)
        text = answer.text
        if answer.status_code == 422:
            error = answer.json()["detail"][0]
            text = f"{error['type']}: {error['msg']}"
        lines += [
            f"POST /products {json.dumps(body)}",
            f"  {answer.status_code} {text}",
        ]
    answer = client.get("/products/TEA1")
    lines += ["GET /products/TEA1", f"  {answer.status_code} {answer.text}"]
    recorded("exchange.txt", "\n".join(lines))
    assert client.get("/products/X").status_code == 404


@pytest.mark.parametrize(
    ("source", "new"),
    [
        ("M().dict()", "model_dump"),
        ("M().json()", "model_dump_json"),
        ("M().copy()", "model_copy"),
        ("M.construct()", "model_construct"),
        ("M.parse_obj({})", "model_validate"),
        ("M.parse_raw('{}')", "model_validate_json"),
        ("M.schema()", "model_json_schema"),
        ("M.__fields__", "model_fields"),
        ("M().__fields_set__", "model_fields_set"),
        ("M.update_forward_refs()", "model_rebuild"),
        ("parse_obj_as(int, '1')", "TypeAdapter"),
        (
            "from pydantic import validator\nvalidator('a')(lambda cls, v: v)",
            "field_validator",
        ),
        ("class N(M):\n  class Config: ...", "ConfigDict"),
        ("class N(M):\n  l: list[int] = Field([], min_items=1)", "min_length"),
        ("Extra.forbid", "extra='allow'"),
        ("from pydantic.generics import GenericModel", "pydantic.BaseModel"),
        ("class N(M):\n  b: int = Field(1, example=2)", "json_schema_extra"),
    ],
)
def test_old_names_work_with_a_warning(source: str, new: str) -> None:
    with pytest.warns(PydanticDeprecatedSince20) as caught:
        run(MODEL + source)
    assert any(new in str(warning.message) for warning in caught)


@pytest.mark.parametrize("attribute", ["required", "type_"])
def test_the_fields_have_lost_attributes_of_pydantic_1(attribute: str) -> None:
    with (
        pytest.warns(PydanticDeprecatedSince20),
        pytest.raises(AttributeError, match=attribute),
    ):
        run(f"{MODEL}M.__fields__['a'].{attribute}")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "class N(M):\n  b: str = Field(regex='a')",
            "`regex` is removed. use `pattern` instead",
        ),
        ("class N(M):\n  b: str = Field('a', const=True)", "use `Literal` instead"),
        ("class N(M):\n  __root__: list[int]", "use `pydantic.RootModel`"),
        ("class N(M):\n  b = 1", "A non-annotated attribute was detected"),
    ],
)
def test_some_old_forms_are_errors_on_import(source: str, message: str) -> None:
    # In Pydantic 2.12 that of `__root__` is a TypeError.
    with pytest.raises((PydanticUserError, TypeError), match=message):
        run(MODEL + source)


@pytest.mark.parametrize("argument", ["field", "config"])
def test_a_validator_with_the_argument_field_is_an_error(argument: str) -> None:
    source = f"class N(M):\n  @validator('a')\n  def f(cls, v, {argument}): return v"
    with (
        pytest.warns(PydanticDeprecatedSince20),
        pytest.raises(PydanticUserError, match="not available in Pydantic V2"),
    ):
        run(f"from pydantic import validator\n{MODEL}{source}")


@pytest.mark.parametrize("call", ["dict(skip_defaults=1)", "update_forward_refs(M=M)"])
@pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")
def test_some_arguments_of_old_names_are_a_type_error(call: str) -> None:
    with pytest.raises(TypeError, match="argument"):
        run(f"{MODEL}M().{call}")


def test_a_type_error_in_a_validator_was_a_422_and_is_a_500() -> None:
    lines = "class N(BaseModel):\n  a: int\n  @validator('a')\n  def f(cls, v): return v[0]\nr = N"
    with pytest.warns(PydanticDeprecatedSince20):
        model = run(f"from pydantic import validator\n{lines}")
    app = FastAPI()

    @app.post("/")
    def create(new: model) -> None: ...  # type: ignore[valid-type]

    client = TestClient(app, raise_server_exceptions=False)
    assert client.post("/", json={"a": 1}).status_code == 500


@pytest.mark.needs(sys.version_info < (3, 14), "Python 3.13 or older")
def test_pydantic_1_took_a_type_error_of_a_validator_for_an_invalid_value() -> None:
    from pydantic import v1

    class Old(v1.BaseModel):
        a: int

        @v1.validator("a")
        def first(cls, value: Any) -> Any:
            return value[0]

    with pytest.raises(v1.ValidationError):
        Old(a=1)


def test_names_that_have_gone_are_import_errors() -> None:
    with pytest.raises(PydanticImportError, match="pydantic-settings"):
        run("from pydantic import BaseSettings")
    with pytest.raises(PydanticImportError, match="removed in V2"):
        run("from pydantic import ConstrainedStr")
    for call in ("constr(regex='a')", "conlist(int, min_items=1)"):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            run(call)


def test_a_root_validator_is_an_error_on_import(recorded: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PydanticDeprecatedSince20)
        with pytest.raises(PydanticUserError) as caught:
            imported("wrong_root_validator")
    recorded("root_validator.txt", str(caught.value).split("\n\n")[0])
    with pytest.raises(ValidationError, match="end before start"):
        model_validator.Period(start=2, end=1)


def test_the_old_keys_of_the_configuration_have_no_effect(recorded: Any) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = imported("wrong_config").ProductOut
    texts = [str(warning.message) for warning in caught]
    recorded("config.txt", next(text for text in texts if "Valid config keys" in text))

    class Row:
        name = "tea"

    with pytest.raises(ValidationError, match="valid dictionary or instance"):
        model.model_validate(Row())
    assert right_config.ProductOut.model_validate(Row()).name == "tea"

    app = FastAPI()
    app.get("/", response_model=model)(Row)
    assert TestClient(app).get("/").json() == {"name": "tea"}


def shown(action: Any) -> str:
    try:
        return repr(action())
    except (ValueError, TypeError):
        return "refused"


@pytest.mark.needs(sys.version_info < (3, 14), "Python 3.13 or older")
def test_values_are_converted_otherwise(recorded: Any) -> None:
    from pydantic import v1

    class Old(v1.BaseModel):
        price: Decimal = Decimal("1.10")
        time: timedelta = timedelta(hours=1)

    class New(BaseModel):
        price: Decimal = Decimal("1.10")
        time: timedelta = timedelta(hours=1)

    values: list[tuple[str, Any, Any]] = [
        ("str", str, 1),
        ("int", int, 1.5),
        ("int | str", Union[int, str], "1"),  # noqa: UP007 (what Pydantic 1 knows)
        ("dict", dict, [(1, 2)]),
    ]
    lines = [f"{'type':<12}{'value':<12}{'Pydantic 1':<14}Pydantic 2"]
    for name, kind, value in values:
        old = shown(lambda: v1.parse_obj_as(kind, value))  # noqa: B023
        new = shown(lambda: TypeAdapter(kind).validate_python(value))  # noqa: B023
        lines.append(f"{name:<12}{value!r:<12}{old:<14}{new}")
    lines += ["", "to JSON", Old().json(), New().model_dump_json()]
    recorded("conversions.txt", "\n".join(lines))


def test_none_in_the_type_is_no_default() -> None:
    class Item(BaseModel):
        note: str | None
        anything: Any

    with pytest.raises(ValidationError) as caught:
        Item.model_validate({})
    assert [error["type"] for error in caught.value.errors()] == ["missing"] * 2


@pytest.mark.needs(sys.version_info < (3, 14), "Python 3.13 or older")
def test_a_regex_matched_from_the_start_and_a_pattern_matches_anywhere() -> None:
    from pydantic import v1

    class Old(v1.BaseModel):
        code: str = v1.Field("TEA1", regex="[A-Z]{3}[0-9]+$")
        order: str = v1.Field("asc", regex="asc|desc")

    class New(BaseModel):
        code: str = Field("TEA1", pattern="[A-Z]{3}[0-9]+$")
        half: str = Field("asc", pattern="^asc|desc")
        order: str = Field("asc", pattern="^(?:asc|desc)")

    for name, value in (("code", "<b>TEA1"), ("order", "<b>desc")):
        with pytest.raises(v1.ValidationError):
            Old(**{name: value})
    New(code="<b>TEA1", half="<b>desc", order="desc")
    with pytest.raises(ValidationError):
        New(order="<b>desc")


@pytest.mark.needs(sys.version_info < (3, 14), "Python 3.13 or older")
@pytest.mark.parametrize("body", [[1], "x", 3])
def test_a_root_validator_before_the_fields_gets_what_is_no_object_too(
    body: Any,
) -> None:
    from pydantic import v1

    source = "class N(M):\n  @root_validator(pre=True)\n  def f(cls, values):\n"
    lines = "    values.get('a')\n    return values\nr = N"
    with pytest.warns(PydanticDeprecatedSince20):
        model = run(f"from pydantic import root_validator\n{MODEL}{source}{lines}")

    class Before(BaseModel):
        a: int = 1

        @pydantic.model_validator(mode="before")
        @classmethod
        def read(cls, values: Any) -> Any:
            values.get("a")
            return values

    app = FastAPI()

    @app.post("/pre")
    def create(new: model) -> None: ...  # type: ignore[valid-type]

    @app.post("/before")
    def create_before(new: Before) -> None: ...

    client = TestClient(app, raise_server_exceptions=False)
    for path in ("/pre", "/before"):
        assert client.post(path, json={"a": 1}).status_code == 200
        assert client.post(path, json=body).status_code == 500

    class Old(v1.BaseModel):
        @v1.root_validator(pre=True, allow_reuse=True)
        def read(cls, values: Any) -> Any:
            values.get("a")
            return values

    with pytest.raises(v1.ValidationError):
        Old.parse_obj(body)


@pytest.mark.parametrize("offer", ["-5", "-1e9999999", "NaN", "1e999"])
def test_an_offer_has_the_bounds_of_a_price(offer: str) -> None:
    client = TestClient(migrated.app)
    body = {"code": "TEA1", "price": "4.50", "offer": offer}
    assert client.post("/products", json=body).status_code == 422
    assert client.post("/products", json=body | {"offer": "4"}).status_code == 201


def test_a_url_is_no_text_and_gets_a_slash() -> None:
    url = TypeAdapter(HttpUrl).validate_python("https://example.com")
    assert not isinstance(url, str)
    assert str(url) == "https://example.com/"


def test_the_errors_have_other_types_and_messages() -> None:
    app = FastAPI()

    @app.post("/")
    def create(new: migrated.NewProduct) -> None: ...

    errors = TestClient(app).post("/", json={}).json()["detail"]
    assert errors[0]["type"] == "missing"
    assert errors[0]["msg"] == "Field required"


def test_without_a_default_a_parameter_is_required() -> None:
    client = TestClient(required.app)
    assert client.get("/search").json()["detail"][0]["type"] == "missing"
    assert client.get("/search?q=tea").json() == "tea"
    assert client.get("/search?q=t").status_code == 422
    paths = client.get("/openapi.json").json()["paths"]
    assert paths["/search"]["get"]["parameters"][0]["required"] is True
    assert client.get("/optional").json() == "nothing"


def test_called_as_a_function_the_old_form_has_a_wrong_default() -> None:
    old: Any = wrong_optional_query.search
    now: Any = required.search
    assert not isinstance(asyncio.run(old()), str)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        now()


def test_ellipsis_without_query_and_in_field_means_required_too() -> None:
    app = FastAPI()

    @app.get("/")
    def read(q: str = ...) -> str:  # type: ignore[assignment]
        return q

    assert TestClient(app).get("/").status_code == 422
    run(
        "class N(BaseModel):\n  a: str = Field(...)\nr = N.model_fields['a'].is_required()"
    )
    assert run(
        "class N(BaseModel):\n  a: str = Field(...)\nr = N.model_fields['a'].is_required()"
    )


def test_a_default_inside_annotated_query_is_refused() -> None:
    app = FastAPI()
    with pytest.raises(
        AssertionError, match="default value cannot be set in `Annotated`"
    ):

        @app.get("/")
        def read(q: Annotated[str, Query(default="tea")]) -> str:
            return q


def test_regex_of_query_is_deprecated_and_matches_anywhere() -> None:
    app = FastAPI()
    with pytest.warns(FastAPIDeprecationWarning, match="please use `pattern` instead"):
        parameter = Query(regex="cat|dog")

    @app.get("/")
    def read(q: str = parameter) -> str:
        return q

    assert TestClient(app).get("/?q=zzcat").json() == "zzcat"
    assert TestClient(app).get("/?q=cow").status_code == 422


def test_ellipsis_makes_a_parameter_with_none_required() -> None:
    wrong = TestClient(wrong_optional_query.app).get("/items")
    assert wrong.json()["detail"][0]["type"] == "missing"
    assert TestClient(optional_query.app).get("/items").json() == "everything"


@pytest.mark.needs(sys.version_info < (3, 14), "Python 3.13 or older")
def test_fastapi_refuses_models_of_pydantic_v1() -> None:
    from pydantic import v1

    class Item(v1.BaseModel):
        name: str

    app = FastAPI()
    with pytest.raises(
        PydanticV1NotSupportedError, match="no longer supported by FastAPI"
    ):

        @app.post("/")
        def create(item: Item) -> None: ...

    with pytest.raises(PydanticV1NotSupportedError):

        @app.post("/")
        def create_several(items: list[Item]) -> None: ...

    @app.get("/")
    def read():  # type: ignore[no-untyped-def]
        return Item(name="tea")

    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/").status_code == 500

    # In your own code it works.
    assert Item(name="tea").dict() == {"name": "tea"}


@pytest.mark.needs(sys.version_info < (3, 14), "Python 3.13 or older")
@pytest.mark.filterwarnings("ignore:Mixing V1 models and V2 models")
def test_a_model_of_pydantic_v1_in_annotated_a_dict_or_as_a_field_is_a_500() -> None:
    from pydantic import v1

    class Item(v1.BaseModel):
        name: str

    class Order(BaseModel):
        item: Item

    app = FastAPI()

    @app.post("/dict")
    def create_dict(items: dict[str, Item]) -> None: ...

    @app.post("/field")
    def create_field(order: Order) -> None: ...

    @app.post("/annotated")
    def create_annotated(item: Annotated[Item, Body()]) -> None: ...

    @app.get("/dict")
    def read_dict() -> dict[str, Item]:
        return {"item": Item(name="tea")}

    @app.get("/field")
    def read_field() -> Order:
        return Order(item=Item(name="tea"))

    client = TestClient(app, raise_server_exceptions=False)
    for path in ("/dict", "/field"):
        body = {"item": {"name": "tea"}}
        assert client.post(path, json=body).status_code == 500
        assert client.get(path).status_code == 500
    assert client.post("/annotated", json={"name": "tea"}).status_code == 500


def test_fastapi_requires_pydantic_2() -> None:
    found = [Requirement(line) for line in requires("fastapi") or []]
    pydantic = next(entry for entry in found if entry.name == "pydantic")
    assert not pydantic.specifier.contains("1.10.26")


def test_numbers_can_be_accepted_as_text() -> None:
    class Item(BaseModel):
        model_config = ConfigDict(coerce_numbers_to_str=True)
        code: str

    assert Item.model_validate({"code": 1}).code == "1"


def test_json_encoders_work_with_a_warning() -> None:
    source = "class N(BaseModel):\n  model_config = ConfigDict(json_encoders={int: str})\n  a: int = 1\n"
    with pytest.warns(PydanticDeprecatedSince20, match="json_encoders"):
        assert run(f"{source}r = N().model_dump_json()") == '{"a":"1"}'


@pytest.mark.parametrize("arguments", ["pre=True", "skip_on_failure=True"])
def test_a_root_validator_with_an_argument_is_a_warning(arguments: str) -> None:
    source = f"class N(M):\n  @root_validator({arguments})\n  def f(cls, v): return v"
    with pytest.warns(PydanticDeprecatedSince20, match="model_validator"):
        run(f"from pydantic import root_validator\n{MODEL}{source}")


def test_digits_of_other_scripts_are_no_part_of_a_code() -> None:
    body = {"code": "TEA\uff11", "price": "4.50"}
    assert TestClient(migrated.app).post("/products", json=body).status_code == 422


def test_schema_extra_is_not_in_the_schema() -> None:
    old: Any = {"schema_extra": {"example": {"x": 1}}}
    with pytest.warns(UserWarning, match="'schema_extra' has been renamed"):
        model: Any = type(
            "Old", (BaseModel,), {"model_config": old, "__module__": __name__}
        )
    assert "example" not in model.model_json_schema()


def test_a_renamed_key_in_model_config_is_only_a_user_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", PydanticDeprecatedSince20)
        with pytest.warns(UserWarning, match="Valid config keys"):
            type("Model", (BaseModel,), {"model_config": {"orm_mode": True}})
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Valid config keys")
        with pytest.raises(UserWarning):
            type("Model", (BaseModel,), {"model_config": {"orm_mode": True}})


@pytest.mark.parametrize("argument", ["ensure_ascii=False", "indent=2"])
def test_arguments_of_json_dumps_are_a_type_error_of_the_call(argument: str) -> None:
    with (
        pytest.warns(PydanticDeprecatedSince20),
        pytest.raises(TypeError, match="dumps_kwargs"),
    ):
        run(f"{MODEL}M().json({argument})")


def test_a_union_keeps_a_type_that_it_contains() -> None:
    adapter = TypeAdapter[int | str](int | str)
    assert adapter.validate_python("1") == "1"
    assert adapter.validate_python(1.0) == 1


def test_from_orm_warns_and_fails_beside_orm_mode() -> None:
    with pytest.warns(UserWarning, match="Valid config keys"):
        old: Any = type("Old", (BaseModel,), {"model_config": {"orm_mode": True}})
    with (
        pytest.warns(PydanticDeprecatedSince20),
        pytest.raises(PydanticUserError, match="from_attributes=True"),
    ):
        old.from_orm(object())
