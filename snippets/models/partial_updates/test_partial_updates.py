import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi.testclient import TestClient
from psycopg.errors import NotNullViolation
from pydantic import (
    MISSING,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    computed_field,
    field_serializer,
    field_validator,
    model_validator,
)
from sqlalchemy import create_engine, event, update
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from snippets.conftest import PATIENCE, Database, client_of, until
from snippets.models.partial_updates import (
    all_optional,
    exclude_unset,
    nested_patch,
    patch_product,
    patch_row,
    wrong_exclude_none,
    wrong_full_dump,
    wrong_null_for_all,
)


@pytest.fixture(autouse=True)
def fresh_products(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (patch_product, wrong_full_dump, wrong_null_for_all):
        monkeypatch.setattr(module, "products", dict(module.products))
    monkeypatch.setattr(nested_patch, "customers", dict(nested_patch.customers))


@pytest.fixture
def rows(database: Database) -> Iterator[TestClient]:
    database.create_tables(patch_row.Base.metadata)
    database.execute(
        "INSERT INTO products (name, cents, note) VALUES ('tea', 450, 'loose')"
    )
    with TestClient(patch_row.app) as client:
        yield client


def short(answer: Any) -> str:
    """Give status and body; of a 422 what is in question."""
    body = answer.json()
    if answer.status_code == 422:
        body = [{key: e[key] for key in ("type", "loc", "msg")} for e in body["detail"]]
    return f"{answer.status_code} {json.dumps(body)}"


def exchange(client: TestClient, path: str, bodies: list[Any]) -> str:
    lines = []
    for body in bodies:
        answer = client.patch(path, json=body)
        lines += [f"PATCH {path} {json.dumps(body)}", f"  {short(answer)}"]
    return "\n".join(lines)


def test_null_empties_the_note_and_what_is_missing_stays(recorded: Any) -> None:
    bodies = [{"cents": 500}, {"note": None}, {}, {"name": None}, {"nmae": "coffee"}]
    text = exchange(TestClient(patch_product.app), "/products/1", bodies)
    recorded("exchange.txt", text)


def test_an_unknown_product_is_a_404() -> None:
    client = TestClient(patch_product.app)
    assert client.patch("/products/2", json={"cents": 1}).status_code == 404


def test_a_value_that_is_missing_can_be_told_in_the_code() -> None:
    patch = patch_product.ProductPatch(note=None)
    assert patch.name is MISSING
    assert patch.note is None
    assert patch.model_fields_set == {"note"}
    assert bool(MISSING)


def test_openapi_names_neither_missing_nor_a_required_field() -> None:
    document = TestClient(patch_product.app).get("/openapi.json").json()
    schema = document["components"]["schemas"]["ProductPatch"]
    assert "required" not in schema
    assert schema["properties"]["cents"]["type"] == "integer"
    assert "MISSING" not in json.dumps(schema)


def test_model_copy_does_not_validate() -> None:
    tea = patch_product.products[1]
    assert tea.model_copy(update={"cents": -1}).cents == -1


def test_all_optional_keeps_types_and_rules_of_the_model() -> None:
    client = TestClient(all_optional.app)
    for body in ({}, {"note": None}, {"cents": 5}, {"name": "a", "note": "b"}):
        assert client.patch("/changes", json=body).json() == body
    for body in ({"name": None}, {"name": ""}, {"cents": -1}, {"other": 1}):
        assert client.patch("/changes", json=body).status_code == 422
    assert all_optional.Product.model_fields["name"].is_required()
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert "required" not in schemas["ProductPatch"]
    assert schemas["ProductPatch"]["properties"]["name"]["minLength"] == 1
    assert schemas["ProductPatch"]["description"] == all_optional.ProductPatch.__doc__
    assert all_optional.ProductPatch.__doc__


def test_all_optional_leaves_models_inside_as_they_are() -> None:
    @all_optional.all_optional
    class Patch(nested_patch.Customer): ...

    assert Patch.model_validate({}).model_dump() == {}
    with pytest.raises(ValueError, match="street"):
        Patch.model_validate({"address": {"city": "Wien"}})


def test_a_merge_stores_the_default_of_a_model_inside_that_was_left_as_it_is() -> None:
    class Address(nested_patch.Address):
        note: str | None = None

    @all_optional.all_optional
    class Patch(BaseModel):
        address: Address

    moved = {"address": {"street": "Gasse 2", "city": "Wien"}}
    stored = {"address": {"street": "Ring 1", "city": "Graz", "note": "ring twice"}}
    merged = nested_patch.merge(stored, Patch.model_validate(moved).model_dump())
    assert merged == {"address": {"street": "Gasse 2", "city": "Wien", "note": None}}


def test_a_model_validator_of_the_model_meets_missing() -> None:
    class Period(BaseModel):
        start: int
        end: int

        @model_validator(mode="after")
        def in_order(self) -> "Period":
            if self.end < self.start:
                raise ValueError("the end is before the start")
            return self

    @all_optional.all_optional
    class Patch(Period): ...

    with pytest.raises(TypeError, match="'<' not supported"):
        Patch.model_validate({"start": 1})


def test_a_field_validator_that_reads_another_field_meets_missing() -> None:
    class Period(BaseModel):
        start: int
        end: int

        @field_validator("end")
        @classmethod
        def in_order(cls, end: int, info: ValidationInfo) -> int:
            if end < info.data["start"]:
                raise ValueError("the end is before the start")
            return end

    class Doubled(BaseModel):
        cents: int

        def model_post_init(self, context: Any) -> None:
            assert self.cents + self.cents >= 0

    with pytest.raises(TypeError, match="'<' not supported"):
        all_optional.all_optional(Period).model_validate({"end": 1})
    with pytest.raises(TypeError, match="unsupported operand"):
        all_optional.all_optional(Doubled).model_validate({})


def test_what_the_model_excludes_or_serializes_is_so_in_the_changes() -> None:
    class Account(BaseModel):
        secret: Annotated[str, Field(exclude=True)]
        cents: int
        note: Annotated[str | None, Field(exclude_if=lambda note: note is None)]

        @field_serializer("cents")
        def euros(self, cents: int) -> str:
            return f"{cents / 100:.2f}"

    patch = all_optional.all_optional(Account)
    assert patch.model_validate({}).model_dump() == {}
    sent = {"secret": "new", "cents": 500, "note": None}
    assert patch.model_validate(sent).model_dump() == {"cents": "5.00"}


def test_the_recipe_of_pydantic_1_fails() -> None:
    class Model(BaseModel):
        name: str

    field: Any = Model.model_fields["name"]
    with pytest.raises(AttributeError, match="object has no attribute 'required'"):
        field.required = False


def test_exclude_unset_gives_what_was_sent_and_the_validator_refuses_null() -> None:
    client = TestClient(exclude_unset.app)
    for body in ({}, {"note": None}, {"name": "tea"}):
        assert client.patch("/changes", json=body).json() == body
    answer = client.patch("/changes", json={"name": None})
    assert answer.status_code == 422
    assert "null is not allowed" in answer.json()["detail"][0]["msg"]


def test_a_default_that_is_sent_counts_as_sent() -> None:
    patch = exclude_unset.ProductPatch.model_validate({"note": None})
    assert patch.model_dump(exclude_unset=True) == {"note": None}
    assert patch.model_dump(exclude_defaults=True) == {}


def test_a_row_is_changed_in_postgresql(
    rows: TestClient, database: Database, recorded: Any
) -> None:
    text = exchange(rows, "/products/1", [{"cents": 500}, {"note": None}, {}])
    recorded("rows.txt", text)
    stored = database.execute("SELECT name, cents, note FROM products")
    assert stored == [("tea", 500, None)]
    assert rows.patch("/products/2", json={"cents": 1}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": None},
        {"id": 7},
        {"name": "a\0b"},
        {"name": ""},
        {"cents": 2**31},
        {"cents": None},
        [],
    ],
)
def test_what_the_columns_cannot_hold_is_refused(rows: TestClient, body: Any) -> None:
    assert rows.patch("/products/1", json=body).status_code == 422


@pytest.mark.parametrize("module", [patch_product, patch_row, nested_patch])
def test_half_a_surrogate_pair_is_not_stored(module: Any) -> None:
    model = getattr(module, "ProductPatch", nested_patch.CustomerPatch)
    with pytest.raises(ValueError, match="unicode"):
        model.model_validate({"name": "\ud800"})


def test_two_patches_at_once_wait_for_each_other_and_both_are_kept(
    rows: TestClient, database: Database
) -> None:
    statuses = []

    def send(body: dict[str, Any]) -> None:
        statuses.append(rows.patch("/products/1", json=body).status_code)

    threads = [
        threading.Thread(target=send, args=[body])
        for body in ({"cents": 700}, {"note": "in bags"})
    ]
    with database.connect() as connection, connection.transaction():
        connection.execute("SELECT FROM products WHERE id = 1 FOR UPDATE")
        connection.execute("UPDATE products SET name = 'green tea' WHERE id = 1")
        for thread in threads:
            thread.start()
        asyncio.run(until(lambda: database.waiting_for_locks() == 2))
    for thread in threads:
        thread.join(PATIENCE)
    assert statuses == [200, 200]
    stored = database.execute("SELECT name, cents, note FROM products")
    assert stored == [("green tea", 700, "in bags")]


def test_sqlalchemy_writes_only_the_columns_that_changed(rows: TestClient) -> None:
    engine = rows.app_state["engine"]
    statements: list[str] = []
    event.listen(
        engine,
        "before_cursor_execute",
        lambda conn, cursor, statement, *rest: statements.append(statement),
    )
    rows.patch("/products/1", json={"cents": 500})
    updates = [line for line in statements if line.startswith("UPDATE")]
    assert len(updates) == 1
    assert "cents" in updates[0]
    assert "note" not in updates[0]
    statements.clear()
    rows.patch("/products/1", json={})
    assert not any(line.startswith("UPDATE") for line in statements)


def test_neither_a_connection_nor_a_lock_is_waited_for_forever(
    rows: TestClient, database: Database
) -> None:
    engine = rows.app_state["engine"]
    with engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver.info.get_parameters()["connect_timeout"] == "5"
    with database.connect() as connection, connection.transaction():
        connection.execute("SELECT FROM products WHERE id = 1 FOR UPDATE")
        with pytest.raises(OperationalError, match="lock timeout"):
            rows.patch("/products/1", json={"cents": 500})


def test_a_request_that_is_cancelled_leaves_the_row_free(
    rows: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(database.url())
    monkeypatch.setattr(patch_row, "create_engine", lambda *_, **__: engine)
    slow = "BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END"
    database.execute(
        f"CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS '{slow}'",
        "CREATE TRIGGER slow BEFORE UPDATE ON products"
        " FOR EACH ROW EXECUTE FUNCTION slow()",
    )

    async def cancel() -> int:
        async with client_of(patch_row.app) as client:
            with database.connect() as other, other.transaction():
                other.execute("SELECT pg_advisory_xact_lock(1)")
                patch = client.patch("/products/1", json={"cents": 9})
                request = asyncio.create_task(patch)
                await until(lambda: database.waiting_for_locks() == 1)
                request.cancel()
                await asyncio.wait([request], timeout=0.2)
            # It waits for the thread, and is a 500 where the row stays locked.
            answer = await client.patch("/products/1", json={"cents": 500})
            await until(lambda: engine.pool.checkedout() == 0)  # type: ignore[attr-defined]
            return answer.status_code

    assert asyncio.run(cancel()) == 200


def test_a_flood_of_tags_is_one_error() -> None:
    client = TestClient(nested_patch.app)
    answer = client.patch("/customers/1", json={"tags": [1] * 1000})
    assert [error["type"] for error in answer.json()["detail"]] == ["too_long"]


def test_an_update_statement_without_a_column_is_refused(
    rows: TestClient, database: Database
) -> None:
    engine = create_engine(database.url())
    with Session(engine) as session, pytest.raises(ProgrammingError, match="syntax"):
        session.execute(update(patch_row.Product).values())
    engine.dispose()


def test_a_nested_object_is_merged_a_list_is_replaced(recorded: Any) -> None:
    client = TestClient(nested_patch.app)
    text = exchange(
        client, "/customers/1", [{"address": {"city": "Wien"}}, {"tags": ["new"]}]
    )
    more = exchange(client, "/customers/2", [{"address": {"city": "Wien"}}])
    recorded("nested.txt", f"{text}\n{more}")
    assert nested_patch.customers[2].address is None
    answer = client.patch("/customers/1", json={"address": None})
    assert answer.json()["address"] is None


def test_a_misspelt_field_inside_is_refused() -> None:
    client = TestClient(nested_patch.app)
    for body in ({"address": {"zip": "1"}}, {"adress": {"city": "Wien"}}):
        error = client.patch("/customers/1", json=body).json()["detail"][0]
        assert error["type"] == "extra_forbidden"


def test_model_copy_puts_a_dict_where_the_model_was() -> None:
    changes = {"address": {"city": "Wien"}}
    copied: Any = nested_patch.customers[1].model_copy(update=changes)
    assert copied.address == {"city": "Wien"}


@pytest.mark.parametrize("by_name", [False, True])
def test_what_the_dump_of_the_stored_model_lacks_or_changes_is_lost(
    monkeypatch: pytest.MonkeyPatch, by_name: bool
) -> None:
    config = ConfigDict(validate_by_name=by_name)

    class Customer(nested_patch.Customer):
        model_config = config
        blocked: bool = Field(default=False, exclude=True)
        iban: str = "AT61"
        nick: str = Field(default="", alias="nickName")

        @field_serializer("iban")
        def masked(self, iban: str) -> str:
            return f"**{iban[-2:]}"

    stored = Customer.model_validate({"name": "Ada", "blocked": True, "nickName": "A"})
    monkeypatch.setattr(nested_patch, "Customer", Customer)
    monkeypatch.setitem(nested_patch.customers, 1, stored)
    answer = TestClient(nested_patch.app).patch("/customers/1", json={"name": "Eve"})
    assert answer.status_code == 200
    found: Any = nested_patch.customers[1]
    assert (found.blocked, found.iban) == (False, "**61")
    assert found.nick == ("A" if by_name else "")


def test_a_dump_with_its_defaults_overwrites_what_was_not_sent() -> None:
    answer = TestClient(wrong_full_dump.app).patch("/products/1", json={"name": "mate"})
    assert answer.json() == {"name": "mate", "note": None}
    assert wrong_full_dump.products[1].note is None


def test_exclude_none_loses_the_null_that_was_sent() -> None:
    client = TestClient(wrong_exclude_none.app)
    assert client.patch("/changes", json={"note": None}).json() == {}


def test_null_reaches_a_field_that_cannot_be_null() -> None:
    answer = TestClient(wrong_null_for_all.app).patch(
        "/products/1", json={"name": None}
    )
    assert answer.json() == {"name": None, "note": "loose"}
    assert wrong_null_for_all.products[1].name is None


def test_null_for_a_column_that_is_not_null_is_an_error_of_the_database(
    rows: TestClient, database: Database
) -> None:
    with pytest.raises(NotNullViolation):
        database.execute("UPDATE products SET name = NULL")


def test_constraints_stay_on_the_type_beside_missing() -> None:
    class Patch(BaseModel):
        cents: Annotated[int, Field(ge=0)] | MISSING = MISSING

    with pytest.raises(ValueError, match="greater than or equal to 0"):
        Patch(cents=-1)


def test_the_422_of_a_merged_customer_does_not_show_what_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Customer(nested_patch.Customer):
        secret: str = "stored"

        @model_validator(mode="after")
        def refuse_tags(self) -> "Customer":
            if self.tags:
                raise ValueError("no tags")
            return self

    monkeypatch.setattr(nested_patch, "Customer", Customer)
    monkeypatch.setitem(nested_patch.customers, 1, Customer(name="Ada"))
    answer = TestClient(nested_patch.app).patch("/customers/1", json={"tags": ["a"]})
    assert answer.status_code == 422
    assert "no tags" in answer.text
    assert "url" not in answer.json()["detail"][0]
    assert "stored" not in answer.text


def test_a_computed_field_and_a_validated_default_meet_missing() -> None:
    class Computed(BaseModel):
        cents: int

        @computed_field
        def twice(self) -> int:
            return self.cents + self.cents

    with pytest.raises(TypeError):
        all_optional.all_optional(Computed).model_validate({}).model_dump()

    class Validated(BaseModel, validate_default=True):
        name: str

        @field_validator("name")
        @classmethod
        def strip(cls, name: str) -> str:
            return name.strip()

    class OneValidated(BaseModel):
        name: str = Field("x", validate_default=True)

        @field_validator("name")
        @classmethod
        def strip(cls, name: str) -> str:
            return name.strip()

    for model in (Validated, OneValidated):
        with pytest.raises(AttributeError):
            all_optional.all_optional(model).model_validate({})
