import json
from datetime import date
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal

import pytest
from fastapi import Body, FastAPI, Query
from fastapi.testclient import TestClient
from pydantic import (
    BaseModel,
    Field,
    Json,
    PydanticUserError,
    RootModel,
    TypeAdapter,
    ValidationError,
)

from snippets.models.nested_models_and_unions import (
    comments,
    default_tag,
    forbid_inside,
    nested_order,
    told_apart,
    union_of_shapes,
    wrong_base_class,
    wrong_forbid_outside,
    wrong_union,
)

TEA = {"product": "tea", "quantity": 2}
CARD = {"kind": "card", "number": "4242"}


def posted(app: FastAPI, path: str, body: Any) -> str:
    answer = TestClient(app).post(path, json=body)
    text = answer.text
    if answer.status_code == 422:
        errors = answer.json()["detail"]
        text = "\n      ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['type']}: {e['msg']}" for e in errors
        )
    return f"POST {path} {json.dumps(body)}\n  {answer.status_code} {text}"


def test_lists_of_models_and_a_union_by_its_tag(
    recorded: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    bodies = [
        {"lines": [TEA], "payment": CARD},
        {"lines": [{"product": "tea", "quantity": 0}], "payment": {"kind": "transfer"}},
        {"lines": [TEA], "payment": {"kind": "cash"}},
        {"lines": [TEA], "payment": {"number": "4242"}},
    ]
    app = nested_order.app
    recorded("exchange.txt", "\n".join(posted(app, "/orders", b) for b in bodies))
    assert capsys.readouterr().out == "charge a card of 4 digits\n"


def test_the_function_gets_objects_of_the_models() -> None:
    order = nested_order.Order.model_validate({"lines": [TEA], "payment": CARD})
    assert order.lines[0].quantity == 2
    assert isinstance(order.payment, nested_order.Card)
    assert order.model_dump() == {"lines": [TEA], "payment": CARD}


@pytest.mark.parametrize("lines", [[], [TEA] * 101, None, [None]])
def test_the_list_has_limits(lines: Any) -> None:
    body = {"lines": lines, "payment": CARD}
    assert TestClient(nested_order.app).post("/orders", json=body).status_code == 422


def test_openapi_has_one_of_and_a_discriminator(recorded: Any) -> None:
    schemas = (
        TestClient(nested_order.app)
        .get("/openapi.json")
        .json()["components"]["schemas"]
    )
    recorded(
        "payment.json", json.dumps(schemas["Order"]["properties"]["payment"], indent=2)
    )
    union = TestClient(wrong_union.app).get("/openapi.json").json()
    body = union["paths"]["/shipments"]["post"]["requestBody"]
    assert "anyOf" in body["content"]["application/json"]["schema"]


def test_a_union_without_a_tag_reports_the_errors_of_all_models() -> None:
    answer = TestClient(wrong_union.app).post("/shipments", json={})
    places = [error["loc"] for error in answer.json()["detail"]]
    assert places == [
        ["body", "Letter", "address"],
        ["body", "Parcel", "address"],
        ["body", "Parcel", "weight"],
    ]


def test_an_invalid_parcel_becomes_a_letter(recorded: Any) -> None:
    body = {"address": "Graz", "weight": "heavy"}
    wrong = posted(wrong_union.app, "/shipments", body)
    right = posted(told_apart.app, "/shipments", body | {"kind": "parcel"})
    recorded("letter.txt", f"{wrong}\n{right}")
    fits = {"address": "Graz", "weight": 2}
    assert TestClient(wrong_union.app).post("/shipments", json=fits).json() == fits


def test_the_order_does_not_help_and_extra_forbid_does() -> None:
    class Letter(BaseModel, extra="forbid"):
        address: str

    class Parcel(BaseModel, extra="forbid"):
        address: str
        weight: float

    invalid = {"address": "Graz", "weight": "heavy"}
    specific_first: Any = wrong_union.Parcel | wrong_union.Letter
    passed = TypeAdapter(specific_first).validate_python(invalid)
    assert passed == wrong_union.Letter(address="Graz")
    forbidding: Any = TypeAdapter(Letter | Parcel)
    with pytest.raises(ValidationError):
        forbidding.validate_python(invalid)
    assert isinstance(forbidding.validate_python(invalid | {"weight": 1}), Parcel)


def test_left_to_right_takes_the_first_that_fits() -> None:
    plain: Any = wrong_union.Letter | wrong_union.Parcel
    ordered: Any = Annotated[plain, Field(union_mode="left_to_right")]
    body = {"address": "Graz", "weight": 1}
    assert isinstance(TypeAdapter(plain).validate_python(body), wrong_union.Parcel)
    assert isinstance(TypeAdapter(ordered).validate_python(body), wrong_union.Letter)


def test_where_both_fit_equally_the_first_one_is_taken() -> None:
    class Cat(BaseModel):
        name: str
        meow: int = 0

    class Dog(BaseModel):
        name: str
        bark: int = 0

    class Pets(BaseModel):
        pet: Cat | Dog

    assert isinstance(Pets.model_validate({"pet": {"name": "Rex"}}).pet, Cat)
    assert isinstance(Pets(pet=Dog(name="Rex")).pet, Dog)


def test_the_second_model_is_taken_where_more_of_its_fields_were_sent() -> None:
    class Cat(BaseModel):
        name: str
        meow: int = 0

    class Dog(BaseModel):
        name: str
        bark: int = 0

    adapter: TypeAdapter[Any] = TypeAdapter(Cat | Dog)
    sent = {"name": "Rex", "bark": 3}
    assert Cat.model_validate(sent).name == "Rex"
    assert isinstance(adapter.validate_python(sent), Dog)


def test_where_as_many_fields_were_sent_the_exact_type_may_win() -> None:
    class Number(BaseModel):
        value: int

    class Text(BaseModel):
        value: str

    adapter: TypeAdapter[Any] = TypeAdapter(Number | Text)
    assert isinstance(adapter.validate_python({"value": "1"}), Text)


def test_a_default_of_the_tag_does_not_make_it_optional() -> None:
    class Cash(BaseModel):
        kind: Literal["cash"] = "cash"

    class Pay(BaseModel):
        payment: Annotated[Cash | nested_order.Card, Field(discriminator="kind")]

    with pytest.raises(
        ValueError, match="Unable to extract tag using discriminator 'kind'"
    ):
        Pay.model_validate({"payment": {}})
    assert Pay(payment=Cash()).payment.kind == "cash"


def test_a_tag_has_to_be_a_literal_in_each_model() -> None:
    class Any_(BaseModel):
        kind: str

    class None_(BaseModel): ...

    with pytest.raises(PydanticUserError, match="'kind' to be of type `Literal`"):

        class First(BaseModel):
            payment: Annotated[nested_order.Card | Any_, Field(discriminator="kind")]

    with pytest.raises(PydanticUserError, match="needs a discriminator field for key"):

        class Second(BaseModel):
            payment: Annotated[nested_order.Card | None_, Field(discriminator="kind")]


def test_a_function_may_choose_the_tag() -> None:
    client = TestClient(default_tag.app)
    for body in ({"number": "4242"}, {"kind": "card", "number": "4242"}):
        assert client.post("/payments", json=body).json() == CARD
    paid = {"kind": "transfer", "iban": "AT1"}
    assert client.post("/payments", json=paid).json() == paid
    bodies: list[Any] = [
        {"kind": "cash"},
        {"kind": ["card"]},
        {"iban": "AT1"},
        [],
        "card",
        1,
    ]
    for refused in bodies:
        assert client.post("/payments", json=refused).status_code == 422


def test_a_model_may_hold_itself() -> None:
    body = {"text": "a", "replies": [{"text": "b", "replies": []}]}
    assert TestClient(comments.app).post("/comments", json=body).json() == body


def test_deep_nesting_is_refused_and_no_crash() -> None:
    for depth, statuses in ((100, {200}), (300, {422}), (5000, {400, 422})):
        text = '{"text": "x", "replies": [' * depth + '{"text": "x"}' + "]}" * depth
        headers = {"Content-Type": "application/json"}
        answer = TestClient(comments.app).post(
            "/comments", content=text, headers=headers
        )
        assert answer.status_code in statuses


def test_a_deep_comment_without_texts_does_not_repeat_what_is_inside() -> None:
    plain = FastAPI()
    plain.post("/comments")(comments.create_comment)
    inside = '{"unknown": "' + "a" * 20_000 + '"}'
    body = '{"replies": [' * 250 + inside + "]}" * 250
    headers = {"Content-Type": "application/json"}
    lengths = []
    for app in (comments.app, plain):
        answer = TestClient(app).post("/comments", content=body, headers=headers)
        assert answer.status_code == 422
        lengths.append(len(answer.content))
    limited, default = lengths
    assert limited < 100_000
    assert default > 200 * len(body)


def test_replies_that_do_not_fit_give_a_short_answer() -> None:
    class Loose(BaseModel):
        text: str
        replies: "Annotated[list[Loose], Field(max_length=100)]" = []

    app = FastAPI()

    @app.post("/comments")
    def create(comment: Loose) -> None: ...

    reply = '{"replies": [' * 20 + "]}" * 20
    text = '{"text": "x", "replies": [' + ", ".join([reply] * 50) + "]}"
    headers = {"Content-Type": "application/json"}
    for application, short in ((comments.app, True), (app, False)):
        answer = TestClient(application).post(
            "/comments", content=text, headers=headers
        )
        assert answer.status_code == 422
        assert (len(answer.content) < len(text)) is short


def test_a_flood_of_shapes_is_one_error() -> None:
    answer = TestClient(union_of_shapes.app).post("/drawings", json=[{}] * 1000)
    assert [error["type"] for error in answer.json()["detail"]] == ["too_long"]


def test_a_base_class_does_not_become_its_subclass(recorded: Any) -> None:
    circle = [{"name": "circle", "radius": 2.0}]
    wrong = TestClient(wrong_base_class.app).post("/drawings", json=circle)
    assert wrong.json() == [{"name": "circle"}]
    right = TestClient(union_of_shapes.app).post("/drawings", json=circle)
    assert right.json() == circle


def test_the_configuration_of_a_model_does_not_reach_those_inside() -> None:
    body = {"name": "Ada", "address": {"city": "Graz", "zipcode": "8010"}}
    wrong = TestClient(wrong_forbid_outside.app).post("/customers", json=body)
    assert wrong.json()["address"] == {"city": "Graz", "zip_code": None}
    right = TestClient(forbid_inside.app).post("/customers", json=body)
    assert right.json()["detail"][0]["loc"] == ["body", "address", "zipcode"]


def test_a_model_of_the_query_cannot_hold_another() -> None:
    class Inner(BaseModel):
        city: str

    class Outer(BaseModel):
        inner: Inner

    class Default(BaseModel):
        inner: Inner = Inner(city="Wien")

    class Text(BaseModel):
        inner: Json[Inner]

    app = FastAPI()

    @app.get("/default")
    def read_default(outer: Annotated[Default, Query()]) -> str:
        return outer.inner.city

    @app.get("/text")
    def read_text(outer: Annotated[Text, Query()]) -> str:
        return outer.inner.city

    @app.get("/")
    def read(outer: Annotated[Outer, Query()]) -> Outer:
        return outer

    client = TestClient(app)
    for query in (
        "inner=x",
        "city=Graz",
        "inner.city=Graz",
        "inner[city]=Graz",
        'inner={"city":"Graz"}',
    ):
        assert client.get(f"/?{query}").status_code == 422
        assert client.get(f"/default?{query}").json() != "Graz"
    assert client.get("/default?inner.city=Graz").json() == "Wien"
    assert client.get('/text?inner={"city":"Graz"}').json() == "Graz"
    assert client.get("/text?inner=Graz").status_code == 422


def test_a_root_model_of_a_text_can_be_sent_in_a_query() -> None:
    class City(RootModel[str]): ...

    class Place(BaseModel):
        city: City

    app = FastAPI()

    @app.get("/")
    def read(place: Annotated[Place, Query()]) -> Place:
        return place

    assert TestClient(app).get("/?city=Graz").json() == {"city": "Graz"}


def test_a_list_of_models_may_be_the_body() -> None:
    app = FastAPI()

    @app.post("/")
    def create(lines: list[nested_order.Line]) -> int:
        return len(lines)

    @app.post("/two")
    def create_paid(
        lines: list[nested_order.Line], paid: Annotated[bool, Body()]
    ) -> int:
        return len(lines) + paid

    client = TestClient(app)
    assert client.post("/", json=[TEA, TEA]).json() == 2
    assert client.post("/two", json=[TEA, TEA]).status_code == 422
    assert client.post("/two", json={"lines": [TEA], "paid": True}).json() == 2


def test_a_tag_may_be_the_member_of_an_enum() -> None:
    class Kind(StrEnum):
        CASH = "cash"
        VOUCHER = "voucher"

    class Cash(BaseModel):
        kind: Literal[Kind.CASH]

    class Voucher(BaseModel):
        kind: Literal[Kind.VOUCHER]

    class Pay(BaseModel):
        payment: Annotated[Cash | Voucher, Field(discriminator="kind")]

    app = FastAPI()

    @app.post("/payments")
    def pay(pay: Pay) -> bool:
        return pay == Pay(payment=Voucher(kind=Kind.VOUCHER))

    answer = TestClient(app).post("/payments", json={"payment": {"kind": "voucher"}})
    assert answer.json() is True


def test_the_tag_of_a_request_cannot_be_the_member_of_a_plain_enum() -> None:
    class Kind(Enum):
        CASH = "cash"
        VOUCHER = "voucher"

    class Cash(BaseModel):
        kind: Literal[Kind.CASH]

    class Voucher(BaseModel):
        kind: Literal[Kind.VOUCHER]

    app = FastAPI()

    @app.post("/payments")
    def pay(
        payment: Annotated[Cash | Voucher, Body(discriminator="kind")],
    ) -> None: ...

    answer = TestClient(app).post("/payments", json={"kind": "voucher"})
    assert answer.json()["detail"][0]["type"] == "union_tag_invalid"


def test_a_date_or_a_word_needs_no_tag() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(date | Literal["today"])
    assert adapter.validate_python("today") == "today"
    assert adapter.validate_python("2026-11-29") == date(2026, 11, 29)


def test_a_function_as_the_tag_gives_one_of_without_a_discriminator() -> None:
    document = TestClient(default_tag.app).get("/openapi.json").json()
    body = document["paths"]["/payments"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    assert len(schema["oneOf"]) == 2
    assert "discriminator" not in schema
