import inspect
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.exceptions import ResponseValidationError
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.alias_generators import to_camel

from snippets.models.camel_case import (
    camel_events,
    camel_query,
    camel_user,
    output_only,
    own_response,
    plain_user,
    wrong_by_alias_false,
    wrong_dump,
    wrong_generator_alone,
)
from snippets.models.camel_case.camel_user import CamelModel, User

ADA = {"firstName": "Ada", "homeAddress": {"zipCode": "8010"}}


@pytest.fixture
def client() -> TestClient:
    return TestClient(camel_user.app)


def test_camel_case_is_read_and_sent(client: TestClient, recorded: Any) -> None:
    lines = []
    for body in (ADA, {"first_name": "Bob"}, {"firstname": "Eve"}):
        answer = client.post("/users", json=body)
        lines += [
            f"POST /users {json.dumps(body)}",
            f"  {answer.status_code} {answer.text}",
        ]
    answer = client.get("/users/1")
    lines += ["GET /users/1", f"  {answer.status_code} {answer.text}"]
    recorded("exchange.txt", "\n".join(lines))
    assert client.get("/users/3").status_code == 404


def test_the_code_uses_the_names_of_python() -> None:
    address = User.model_validate(ADA).home_address
    assert address is not None
    assert address.zip_code == "8010"


def test_openapi_shows_camel_case(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert list(schemas["User"]["properties"]) == ["firstName", "homeAddress"]
    assert schemas["User"]["required"] == ["firstName"]


def test_where_both_names_are_sent_the_alias_counts() -> None:
    both = {"first_name": "Bob", "firstName": "Ada"}
    assert User.model_validate(both).first_name == "Ada"

    class Strict(CamelModel, extra="forbid"):
        first_name: str

    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        Strict.model_validate(both)


def test_a_returned_dict_or_object_may_have_either_names() -> None:
    class Row:
        first_name = "Ada"
        home_address = None

    app = FastAPI()
    results = [{"first_name": "Ada"}, {"firstName": "Ada"}, Row()]

    class Out(User):
        model_config = ConfigDict(from_attributes=True)

    @app.get("/{number}", response_model=Out)
    def read(number: int) -> Any:
        return results[number]

    for number in range(3):
        answer = TestClient(app).get(f"/{number}").json()
        assert answer == {"firstName": "Ada", "homeAddress": None}


def test_the_generator_alone_does_not_take_the_names_of_python() -> None:
    client = TestClient(wrong_generator_alone.app)
    with pytest.raises(ResponseValidationError, match="firstName"):
        client.get("/me")
    assert client.get("/half").json() == {"firstName": "Ada", "nickName": None}
    with pytest.raises(ValueError, match="firstName"):
        wrong_generator_alone.User(first_name="Ada")


def test_keys_of_a_plain_dict_stay_as_they_are() -> None:
    app = FastAPI()

    @app.get("/")
    def read() -> dict[str, User]:
        return {"first_user": User(first_name="Ada")}

    answer = TestClient(app).get("/").json()
    assert answer == {"first_user": {"firstName": "Ada", "homeAddress": None}}


def test_a_model_inside_that_does_not_inherit_keeps_its_names() -> None:
    class Inner(BaseModel):
        zip_code: str

    class Outer(CamelModel):
        the_address: Inner

    outer = Outer(the_address=Inner(zip_code="1"))
    assert outer.model_dump(by_alias=True) == {"theAddress": {"zip_code": "1"}}


def test_to_camel(recorded: Any) -> None:
    names = ["first_name", "html_url", "address_line_2", "is_2fa_on", "name"]
    recorded("names.txt", "\n".join(f"{name:<15}{to_camel(name)}" for name in names))


def test_an_alias_of_a_field_wins_over_the_generator() -> None:
    class Link(CamelModel):
        html_url: str = Field(alias="htmlURL")

    assert Link(html_url="x").model_dump(by_alias=True) == {"htmlURL": "x"}


def test_model_dump_needs_by_alias() -> None:
    user = User(first_name="Ada")
    assert "first_name" in user.model_dump()
    assert "first_name" in user.model_dump_json()
    assert "firstName" in user.model_dump(by_alias=True)
    assert TestClient(wrong_dump.app).get("/me").json() == {"first_name": "Ada"}


def test_a_response_of_your_own_is_sent_as_it_was_made() -> None:
    answer = TestClient(own_response.app).get("/me")
    assert answer.json() == {"firstName": "Ada"}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.since(fastapi="0.135.0")
def test_the_data_of_a_server_sent_event_is_not_dumped_by_alias() -> None:
    app = FastAPI()

    @app.get("/event", response_class=EventSourceResponse)
    async def event() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(data=own_response.User(first_name="Ada"))

    @app.get("/model", response_class=EventSourceResponse)
    async def model() -> AsyncIterator[own_response.User]:
        yield own_response.User(first_name="Ada")

    client = TestClient(app)
    assert client.get("/event").text == 'data: {"first_name":"Ada"}\n\n'
    assert client.get("/model").text == 'data: {"firstName":"Ada"}\n\n'
    text = TestClient(camel_events.app).get("/users").text
    assert text == 'data: {"firstName": "Ada"}\nid: 1\n\n'


def test_a_value_that_does_not_fit_has_the_name_that_was_sent(
    client: TestClient,
) -> None:
    for name in ("first_name", "firstName"):
        error = client.post("/users", json={name: 1}).json()["detail"][0]
        assert error["loc"] == ["body", name]


def test_serialize_by_alias_makes_the_alias_the_default_of_model_dump() -> None:
    class Out(CamelModel):
        model_config = ConfigDict(serialize_by_alias=True)
        first_name: str

    assert Out(first_name="Ada").model_dump() == {"firstName": "Ada"}


def test_fastapi_does_not_call_a_model_dump_of_your_own() -> None:
    class Out(BaseModel):
        first_name: str

        def model_dump(self, **_: Any) -> dict[str, Any]:
            raise AssertionError

        def model_dump_json(self, **_: Any) -> str:
            raise AssertionError

    app = FastAPI()

    @app.get("/")
    def read() -> Out:
        return Out(first_name="Ada")

    assert TestClient(app).get("/").json() == {"first_name": "Ada"}


@pytest.mark.parametrize("path", ["/one", "/all"])
def test_query_parameters_need_an_alias_too(path: str) -> None:
    client = TestClient(camel_query.app)
    assert "5" in client.get(f"{path}?pageSize=5").text
    assert "20" in client.get(f"{path}?page_size=5").text
    assert "20" in client.get(path).text
    parameters = client.get("/openapi.json").json()["paths"][path]["get"]["parameters"]
    assert [parameter["name"] for parameter in parameters] == ["pageSize"]


def test_a_model_of_the_query_refuses_what_is_out_of_range() -> None:
    assert TestClient(camel_query.app).get("/all?pageSize=0").status_code == 422


def test_names_for_one_direction() -> None:
    sent = TestClient(output_only.app).post("/users", json={"first_name": "Ada"})
    assert sent.json() == {"firstName": "Ada"}
    assert (
        TestClient(output_only.app).post("/users", json=sent.json()).status_code == 422
    )
    read = TestClient(plain_user.app).post("/users", json={"firstName": "Ada"})
    assert read.json() == {"first_name": "Ada"}
    document = TestClient(plain_user.app).get("/openapi.json").json()
    assert "User-Output" in document["components"]["schemas"]


def test_by_alias_false_contradicts_the_document() -> None:
    client = TestClient(wrong_by_alias_false.app)
    assert client.get("/me").json() == {"first_name": "Ada"}
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert list(schemas["User"]["properties"]) == ["firstName"]


def test_the_flagged_endpoint_works_with_the_model_that_the_review_asks_for() -> None:
    app = FastAPI()

    @app.get("/me")
    async def me() -> plain_user.User:
        return plain_user.User(first_name="Ada")

    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/me").json() == {"first_name": "Ada"}
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert list(schemas["User"]["properties"]) == ["first_name"]


def test_by_alias_has_no_effect_without_a_response_model() -> None:
    app = FastAPI()
    ada = User(first_name="Ada")

    @app.get("/typed", response_model_by_alias=False)
    def typed() -> User:
        return ada

    @app.get("/untyped", response_model_by_alias=False, response_model=None)
    def untyped() -> User:
        return ada

    app.get("/bare", response_model_by_alias=False)(lambda: ada)

    @app.get("/own", response_model_by_alias=False)
    def own() -> JSONResponse:
        return JSONResponse(ada.model_dump(by_alias=True))

    client = TestClient(app)
    assert "first_name" in client.get("/typed").json()
    for path in ("/untyped", "/bare", "/own"):
        assert "firstName" in client.get(path).json()


def test_exclude_takes_the_names_of_python() -> None:
    app = FastAPI()

    @app.get("/", response_model_exclude={"home_address"})
    def read() -> User:
        return User(first_name="Ada")

    assert TestClient(app).get("/").json() == {"firstName": "Ada"}


def test_populate_by_name_takes_both_names() -> None:
    class Populate(BaseModel):
        model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
        first_name: str

    assert Populate(first_name="Ada") == Populate.model_validate({"firstName": "Ada"})


def test_fastapi_has_no_setting_for_all_models() -> None:
    parameters = inspect.signature(FastAPI).parameters
    assert not [name for name in parameters if "alias" in name]


def test_the_old_name_has_no_effect() -> None:
    old: Any = {"alias_generator": to_camel, "allow_population_by_field_name": True}
    with pytest.warns(UserWarning, match="Valid config keys have changed in V2"):
        model = create_model("Old", __config__=old, first_name=str)
    assert model(firstName="Ada").model_dump() == {"first_name": "Ada"}
    with pytest.raises(ValidationError, match="firstName"):
        model(first_name="Ada")


def test_a_response_by_alias_is_the_default() -> None:
    default = inspect.signature(FastAPI.get).parameters["response_model_by_alias"]
    assert default.default is True


def test_without_a_return_type_fastapi_calls_model_dump() -> None:
    app, calls = FastAPI(), []

    class Own(CamelModel):
        first_name: str

        def model_dump(self, **options: Any) -> dict[str, Any]:
            calls.append(options)
            return super().model_dump(**options)

    @app.get("/untyped", response_model=None)
    async def untyped() -> Any:
        return Own(first_name="Ada")

    @app.get("/typed", response_model=Own)
    async def typed() -> Any:
        return Own(first_name="Ada")

    client = TestClient(app)
    assert client.get("/typed").json() == {"firstName": "Ada"}
    assert not calls
    assert client.get("/untyped").json() == {"firstName": "Ada"}
    assert calls


def test_a_returned_object_needs_no_setting_and_model_validate_does() -> None:
    class Row:
        first_name = "Ada"
        home_address = None

    app = FastAPI()

    @app.get("/", response_model=User)
    def read() -> Any:
        return Row()

    answer = TestClient(app).get("/").json()
    assert answer == {"firstName": "Ada", "homeAddress": None}
    with pytest.raises(ValidationError, match="model_type"):
        User.model_validate(Row())
    assert User.model_validate(Row(), from_attributes=True).first_name == "Ada"
