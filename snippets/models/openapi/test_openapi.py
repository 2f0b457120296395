import json
import re
from collections.abc import AsyncIterable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, WebSocket
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field, field_serializer
from pydantic.json_schema import GenerateJsonSchema

from snippets.models.openapi import (
    client_names,
    custom_document,
    documented,
    documented_error,
    hidden_docs,
    input_and_output,
    self_hosted_docs,
    wrong_cached_document,
    wrong_hidden_docs,
    wrong_undocumented_error,
)


def document(app: FastAPI) -> dict[str, Any]:
    answer: dict[str, Any] = TestClient(app).get("/openapi.json").json()
    return answer


def test_the_document_is_made_from_types_docstring_and_decorator(recorded: Any) -> None:
    made = document(documented.app)
    operation = made["paths"]["/items/{item_id}"]["put"]
    operation["responses"] = {
        status: answer["description"]
        for status, answer in operation["responses"].items()
    }
    shown = {key: made[key] for key in ("openapi", "info")}
    shown["put /items/{item_id}"] = operation
    recorded("operation.json", json.dumps(shown, indent=2))


def test_the_program_replaces_an_item_that_exists() -> None:
    tester = TestClient(documented.app)
    body = {"name": "fleeb"}
    assert tester.put("/items/1", json=body).json() == body
    assert tester.put("/items/2", json=body).status_code == 404
    tester.put("/items/1", json={"name": "plumbus"})


def test_metadata_of_the_application_stands_in_the_document() -> None:
    app = FastAPI(
        title="Shop",
        version="2.1.0",
        description="Items",
        openapi_tags=[{"name": "stock"}],
        servers=[{"url": "https://api.example.com"}],
    )
    app.get("/", summary="All", description="Every item", tags=["stock"])(lambda: None)
    made = document(app)
    expected = {"title": "Shop", "version": "2.1.0", "description": "Items"}
    assert made["info"] == expected
    assert made["tags"] == [{"name": "stock"}]
    assert made["servers"] == [{"url": "https://api.example.com"}]
    operation = made["paths"]["/"]["get"]
    assert (operation["summary"], operation["description"]) == ("All", "Every item")


def test_websockets_and_mounted_applications_are_not_in_the_document() -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def socket(websocket: WebSocket) -> None: ...

    mounted = FastAPI()
    mounted.get("/inside")(lambda: None)
    app.mount("/mounted", mounted)
    assert document(app)["paths"] == {}
    assert list(document(mounted)["paths"]) == ["/inside"]
    assert TestClient(app).get("/mounted/openapi.json").status_code == 200


def test_include_in_schema_false_hides_and_does_not_close() -> None:
    assert list(document(documented.app)["paths"]) == ["/items/{item_id}"]
    assert TestClient(documented.app).get("/internal").status_code == 200


def test_the_document_is_openapi_3_1_and_json_only() -> None:
    app = FastAPI()
    tester = TestClient(app)
    assert tester.get("/openapi.json").json()["openapi"] == "3.1.0"
    assert tester.get("/openapi.json").headers["content-type"] == "application/json"
    assert tester.get("/openapi.yaml").status_code == 404


def test_the_document_is_made_at_first_use_and_kept() -> None:
    app = FastAPI(title="First")
    assert app.openapi_schema is None
    first = app.openapi()
    app.title = "Second"
    assert app.openapi() is first
    assert first["info"]["title"] == "First"


def test_a_route_that_is_added_later_makes_a_new_document(
    older: Callable[[str, str], bool],
) -> None:
    app = FastAPI()
    app.openapi()

    @app.get("/late")
    def late() -> None: ...

    assert ("/late" in app.openapi()["paths"]) is not older("fastapi", "0.137.0")


def test_an_error_that_is_raised_is_not_in_the_document() -> None:
    app = wrong_undocumented_error.app
    assert TestClient(app).get("/items/11").status_code == 404
    answers = document(app)["paths"]["/items/{item_id}"]["get"]["responses"]
    assert list(answers) == ["200", "422"]


def test_an_error_that_is_declared_is_in_the_document() -> None:
    app = documented_error.app
    assert TestClient(app).get("/items/11").json() == {"detail": "No such item"}
    answers = document(app)["paths"]["/items/{item_id}"]["get"]["responses"]
    assert list(answers) == ["200", "404", "422"]


def test_the_document_is_not_enforced() -> None:
    class Item(BaseModel):
        name: str

    app = FastAPI()

    @app.get("/", response_model=Item)
    def endpoint() -> JSONResponse:
        return JSONResponse({"other": 1}, status_code=418)

    answers = document(app)["paths"]["/"]["get"]["responses"]
    assert list(answers) == ["200"]
    answer = TestClient(app).get("/")
    assert (answer.status_code, answer.json()) == (418, {"other": 1})


def test_openapi_extra_documents_a_body_that_nobody_validates() -> None:
    schema = {"type": "object", "required": ["name"]}
    body = {"content": {"application/json": {"schema": schema}}, "required": True}
    app = FastAPI()

    @app.post("/", openapi_extra={"requestBody": body})
    def endpoint() -> None: ...

    assert document(app)["paths"]["/"]["post"]["requestBody"] == body
    assert TestClient(app).post("/").status_code == 200


@pytest.mark.parametrize("declared", ["4XX", "default"])
def test_a_422_is_added_unless_responses_covers_it(declared: str) -> None:
    app = FastAPI()

    @app.get("/added")
    def added(number: int) -> None: ...

    @app.get("/covered", responses={declared: {"description": "Refused"}})
    def covered(number: int) -> None: ...

    @app.get("/nothing")
    def nothing() -> None: ...

    paths = document(app)["paths"]
    listed = {path: list(paths[path]["get"]["responses"]) for path in paths}
    assert listed == {
        "/added": ["200", "422"],
        "/covered": ["200", declared],
        "/nothing": ["200"],
    }


def test_what_a_middleware_answers_is_not_in_the_document() -> None:
    app = FastAPI()

    @app.middleware("http")
    async def closed(request: Any, call_next: Any) -> Any:
        if request.url.path == "/":
            return JSONResponse({}, status_code=503)
        return await call_next(request)

    @app.get("/")
    def endpoint() -> None:
        raise HTTPException(404)

    assert TestClient(app).get("/").status_code == 503
    assert list(document(app)["paths"]["/"]["get"]["responses"]) == ["200"]


def statuses(app: FastAPI) -> list[int]:
    tester = TestClient(app)
    paths = ("/docs", "/redoc", "/openapi.json")
    return [tester.get(path).status_code for path in paths]


def test_without_docs_the_document_is_still_served() -> None:
    assert statuses(wrong_hidden_docs.app) == [404, 404, 200]


def test_without_the_document_there_are_no_docs_either() -> None:
    assert statuses(hidden_docs.app) == [404, 404, 404]
    assert statuses(FastAPI(openapi_url=None)) == [404, 404, 404]


def test_an_operation_is_named_for_function_path_and_method() -> None:
    operation = document(documented.app)["paths"]["/items/{item_id}"]["put"]
    assert operation["operationId"] == "replace_item_items__item_id__put"


def test_a_function_of_your_own_names_the_operations() -> None:
    operation = document(client_names.app)["paths"]["/items/{item_id}"]["get"]
    assert operation["operationId"] == "read_item"


def test_two_operations_of_one_name_warn() -> None:
    app = FastAPI(generate_unique_id_function=client_names.operation_id)

    def read_item() -> None: ...

    app.get("/a")(read_item)
    app.get("/b")(read_item)
    with pytest.warns(UserWarning, match="Duplicate Operation ID read_item"):
        app.openapi()


def test_input_and_output_of_one_model_are_two_schemas_where_they_differ(
    recorded: Any,
) -> None:
    schemas = document(input_and_output.app)["components"]["schemas"]
    shown = {
        name: {
            key: value.get("type") or [one["type"] for one in value["anyOf"]]
            for key, value in schemas[name]["properties"].items()
        }
        for name in ("Price-Input", "Price-Output")
    }
    lines = [f'"{name}": {json.dumps(keys)}' for name, keys in shown.items()]
    recorded("schemas.json", "{\n  " + ",\n  ".join(lines) + "\n}")


@pytest.mark.parametrize(
    "net", ["9e999999", "-9e999999", "1e-999999", "1e999999999999", "NaN", "Infinity"]
)
def test_a_price_that_cannot_be_multiplied_or_sent_is_a_422(net: str) -> None:
    tester = TestClient(input_and_output.app)
    assert tester.post("/prices", json={"net": net}).status_code == 422


@pytest.mark.parametrize("net", ["999999999", "-999999999", "0.000000001", "-0"])
def test_a_price_with_nine_digits_is_answered(net: str) -> None:
    answer = TestClient(input_and_output.app).post("/prices", json={"net": net})
    assert answer.status_code == 200
    assert Decimal(answer.json()["gross"]) == Decimal(net) * Decimal("1.2")


def test_one_schema_where_input_and_output_are_alike() -> None:
    class Item(BaseModel):
        note: str | None = None

    app = FastAPI()

    @app.post("/")
    def endpoint(item: Item) -> Item:
        return item

    schemas = document(app)["components"]["schemas"]
    assert "Item" in schemas
    assert "Item-Output" not in schemas


def test_excluded_fields_and_serialization_aliases_separate_the_schemas() -> None:
    class Excluded(BaseModel):
        secret: str = Field(exclude=True)

    class Renamed(BaseModel):
        item_name: str = Field(serialization_alias="itemName")

    app = FastAPI()

    @app.post("/excluded")
    def excluded(body: Excluded) -> Excluded:
        return body

    @app.post("/renamed")
    def renamed(body: Renamed) -> Renamed:
        return body

    schemas = set(document(app)["components"]["schemas"])
    assert {"Excluded-Input", "Renamed-Input", "Renamed-Output"} <= schemas


def test_the_number_of_the_version_can_be_overridden() -> None:
    app = FastAPI()
    app.openapi_version = "3.0.2"
    assert document(app)["openapi"] == "3.0.2"


def test_separate_schemas_can_be_switched_off_for_models_without_computed_fields() -> (
    None
):
    class Price(BaseModel):
        net: Decimal

    app = FastAPI(separate_input_output_schemas=False)

    @app.post("/")
    def endpoint(price: Price) -> Price:
        return price

    assert "Price" in document(app)["components"]["schemas"]


def test_root_path_becomes_a_server_and_a_prefix_of_the_docs() -> None:
    tester = TestClient(FastAPI(), root_path="/api/v1")
    assert tester.get("/openapi.json").json()["servers"] == [{"url": "/api/v1"}]
    assert "url: '/api/v1/openapi.json'" in tester.get("/docs").text


def test_the_docs_load_scripts_from_a_cdn() -> None:
    tester = TestClient(FastAPI())
    assert "https://cdn.jsdelivr.net/npm/swagger-ui-dist" in tester.get("/docs").text
    assert "https://cdn.jsdelivr.net/npm/redoc" in tester.get("/redoc").text


def test_self_hosted_docs_name_no_other_host() -> None:
    assert "https://" not in TestClient(self_hosted_docs.app).get("/docs").text


def test_the_script_that_starts_swagger_ui_stands_in_the_page() -> None:
    page = TestClient(self_hosted_docs.app).get("/docs").text
    inline = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert ["SwaggerUIBundle(" in script for script in inline] == [True]


@pytest.mark.since(fastapi="0.138.0")
def test_frontends_are_not_in_the_document(tmp_path: Path) -> None:
    app = FastAPI()
    app.frontend("/site", directory=tmp_path)
    assert document(app)["paths"] == {}


def test_the_page_gets_its_files_from_the_static_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static/swagger-ui-bundle.js").write_text("SwaggerUIBundle")
    monkeypatch.chdir(tmp_path)
    tester = TestClient(self_hosted_docs.app)
    assert tester.get("/docs").status_code == 200
    found = re.findall(r"(?:src|href)=\"(/static/[^\"]+)", tester.get("/docs").text)
    assert "/static/swagger-ui-bundle.js" in found
    assert tester.get("/static/swagger-ui-bundle.js").text == "SwaggerUIBundle"


def test_excluded_and_renamed_fields_are_merged_by_the_option() -> None:
    class Excluded(BaseModel):
        secret: str = Field(exclude=True)

    class Renamed(BaseModel):
        item_name: str = Field(serialization_alias="itemName")

    app = FastAPI(separate_input_output_schemas=False)

    @app.post("/excluded")
    def excluded(body: Excluded) -> Excluded:
        return body

    @app.post("/renamed")
    def renamed(body: Renamed) -> Renamed:
        return body

    assert {"Excluded", "Renamed"} <= set(document(app)["components"]["schemas"])


def test_a_computed_field_keeps_its_schema_apart_in_spite_of_the_option() -> None:
    app = FastAPI(separate_input_output_schemas=False)
    app.post("/prices")(input_and_output.create_price)
    assert {"Price-Input", "Price-Output"} <= set(
        document(app)["components"]["schemas"]
    )


@pytest.mark.since(fastapi="0.163.1")
def test_a_model_that_holds_one_with_a_computed_field_stays_apart_too() -> None:
    app = FastAPI(separate_input_output_schemas=False)

    class Bill(BaseModel):
        price: input_and_output.Price

    @app.post("/bills")
    def create_bill(bill: Bill) -> Bill:
        return bill

    assert {"Bill-Input", "Bill-Output"} <= set(document(app)["components"]["schemas"])


def test_a_serializer_or_a_validation_alias_makes_two_schemas() -> None:
    class Serialized(BaseModel):
        number: int

        @field_serializer("number")
        def as_text(self, number: int) -> str:
            return str(number)

    class Renamed(BaseModel):
        item_name: str = Field(validation_alias="itemName")

    app = FastAPI()

    @app.post("/serialized")
    def serialized(body: Serialized) -> Serialized:
        return body

    @app.post("/renamed")
    def renamed(body: Renamed) -> Renamed:
        return body

    names = set(document(app)["components"]["schemas"])
    assert {"Serialized-Input", "Serialized-Output"} <= names
    assert {"Renamed-Input", "Renamed-Output"} <= names


def test_the_address_in_a_page_of_your_own_does_not_follow_root_path() -> None:
    page = TestClient(self_hosted_docs.app, root_path="/shop").get("/docs").text
    assert "url: '/openapi.json'" in page
    assert "/shop" not in page


@pytest.mark.since(fastapi="0.137.0")
def test_an_overridden_method_adds_to_the_document() -> None:
    app = custom_document.Shop(servers=[{"url": "https://api.example.com"}])
    app.openapi()

    @app.get("/late")
    def late() -> None: ...

    made = document(app)
    assert made["info"]["x-logo"] == {"url": "/static/logo.svg"}
    assert made["servers"] == [{"url": "https://api.example.com"}]
    assert "/late" in made["paths"]
    assert "x-logo" in document(custom_document.app)["info"]


def test_what_is_appended_is_appended_with_each_request_and_a_key_is_set_once() -> None:
    class Appending(FastAPI):
        def openapi(self) -> dict[str, Any]:
            made = super().openapi()
            made.setdefault("tags", []).append({"name": "shop"})
            return made

    app = Appending()
    assert [len(document(app)["tags"]) for _ in range(3)] == [1, 2, 3]
    assert document(custom_document.app) == document(custom_document.app)


def test_a_rebuilt_document_loses_settings_and_later_routes() -> None:
    app = wrong_cached_document.Shop(servers=[{"url": "https://api.example.com"}])
    assert "servers" not in document(app)

    @app.get("/late")
    def late() -> None: ...

    assert "/late" not in document(app)["paths"]
    assert "servers" not in document(wrong_cached_document.app)


def test_a_path_in_the_document_makes_no_path_operation() -> None:
    app = FastAPI()
    app.openapi()["paths"]["/items"] = {"get": {"responses": {}}}
    assert "/items" in document(app)["paths"]
    assert TestClient(app).get("/items").status_code == 404


def test_a_document_that_is_assigned_before_the_first_use_is_replaced(
    older: Callable[[str, str], bool],
) -> None:
    app = FastAPI()
    app.openapi_schema = {"openapi": "3.1.0", "info": {"title": "mine"}}
    kept = older("fastapi", "0.137.0")
    assert app.openapi()["info"]["title"] == ("mine" if kept else "FastAPI")


def test_schemas_are_json_schema_2020_12() -> None:
    assert GenerateJsonSchema.schema_dialect.endswith("draft/2020-12/schema")


def test_streams_are_described_with_item_schema_of_openapi_3_2() -> None:
    app = FastAPI()

    @app.get("/")
    async def lines() -> AsyncIterable[int]:
        yield 1

    content = document(app)["paths"]["/"]["get"]["responses"]["200"]["content"]
    assert "itemSchema" in content["application/jsonl"]
    assert document(app)["openapi"] == "3.1.0"


def test_an_api_that_is_not_rest_is_described_too() -> None:
    app = FastAPI()

    @app.post("/rpc/recalculateEverything")
    def recalculate() -> None: ...

    assert "/rpc/recalculateEverything" in document(app)["paths"]
