from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from pydantic import create_model

from snippets.structure_and_start.api_versions import (
    announced_end,
    docs_for_each_version,
    operation_ids,
    two_versions,
    version_in_path,
    wrong_default_newest,
    wrong_operation_ids,
)


def operations(app: FastAPI) -> dict[str, dict[str, Any]]:
    paths = app.openapi()["paths"]
    return {path: methods["get"] for path, methods in paths.items()}


def test_each_version_answers_in_its_own_shape(recorded: Any) -> None:
    client = TestClient(two_versions.app)
    lines = []
    for path in ("/v1/customers/1", "/v2/customers/1", "/v1/cities", "/v2/cities"):
        response = client.get(path)
        lines.append(f"GET {path:16} {response.status_code} {response.text}")
    recorded("exchange.txt", "\n".join(lines))


def test_an_unknown_customer_and_a_path_without_version_are_404() -> None:
    client = TestClient(two_versions.app)
    for version in ("v1", "v2"):
        response = client.get(f"/{version}/customers/2")
        assert response.json() == {"detail": "Unknown customer"}
        assert client.get(f"/{version}/customers/x").status_code == 422
    assert client.get("/customers/1").status_code == 404
    assert client.get("/cities").status_code == 404


def test_the_document_holds_both_and_marks_the_old_one() -> None:
    found = operations(two_versions.app)
    deprecated = {path for path, value in found.items() if value.get("deprecated")}
    assert deprecated == {"/v1/customers/{customer_id}", "/v1/cities"}
    assert {value["tags"][0] for value in found.values()} == {"v1", "v2"}
    assert found["/v1/cities"]["operationId"] != found["/v2/cities"]["operationId"]


def test_a_router_of_both_versions_has_one_name_and_the_first_address() -> None:
    assert two_versions.app.url_path_for("read_cities") == "/v1/cities"


def test_the_end_is_announced_in_headers_and_not_with_an_error_or_an_own_response() -> (
    None
):
    client = TestClient(announced_end.app)
    headers = client.get("/v1/orders/1").headers
    day = parsedate_to_datetime(headers["sunset"]).timestamp()
    assert 0 < int(headers["deprecation"].removeprefix("@")) < day
    for path, status in (("orders/2", 404), ("orders/x", 422), ("report", 200)):
        response = client.get(f"/v1/{path}")
        assert response.status_code == status
        assert "sunset" not in response.headers


def test_mounted_versions_have_documents_of_their_own() -> None:
    client = TestClient(docs_for_each_version.app)
    assert client.get("/v1/orders").json() == [1]
    assert client.get("/v2/orders").json() == {"items": [1]}
    assert client.get("/openapi.json").status_code == 404
    for version, number in (("v1", "1.9"), ("v2", "2.0")):
        document = client.get(f"/{version}/openapi.json").json()
        assert document["info"]["version"] == number
        assert list(document["paths"]) == ["/orders"]
        assert client.get(f"/{version}/docs").status_code == 200


def test_a_client_that_sends_no_version_gets_another_answer_with_each_release() -> None:
    client = TestClient(wrong_default_newest.app)
    assert client.get("/orders", headers={"api-version": "1"}).json() == [1]
    assert client.get("/orders").json() == {"items": [1]}
    responses = operations(wrong_default_newest.app)["/orders"]["responses"]
    schema = responses["200"]["content"]["application/json"]["schema"]
    assert len(schema["anyOf"]) == 2


def test_a_version_in_the_path_has_one_answer() -> None:
    client = TestClient(version_in_path.app)
    assert client.get("/v1/orders").json() == [1]
    assert client.get("/v2/orders").json() == {"items": [1]}


def test_names_alone_are_no_operation_ids() -> None:
    wrong_operation_ids.app.openapi_schema = None
    with pytest.warns(UserWarning, match="Duplicate Operation ID read_orders"):
        wrong_operation_ids.app.openapi()
    found = operations(operation_ids.app)
    assert [value["operationId"] for value in found.values()] == [
        "v1-read_orders",
        "v2-read_orders",
    ]


def test_a_route_without_tags_has_an_operation_id_too() -> None:
    application = FastAPI(generate_unique_id_function=operation_ids.operation_id)
    application.add_api_route("/health", lambda: None, name="health")
    assert operations(application)["/health"]["operationId"] == "health"


@pytest.mark.since(fastapi="0.137.0")
def test_an_included_router_is_an_entry_of_the_routes_without_an_endpoint() -> None:
    router = APIRouter(prefix="/v1")
    router.add_api_route("/orders", lambda: "orders")
    application = FastAPI()
    application.include_router(router)
    assert not hasattr(application.routes[-1], "endpoint")
    assert TestClient(application).get("/v1/orders").json() == "orders"


def test_two_models_of_one_name_get_the_names_of_their_modules() -> None:
    router = APIRouter()
    for version, field in (("v1", "id"), ("v2", "number")):
        fields: dict[str, Any] = {field: (int, ...)}
        model = create_model("Order", __module__=f"shop.{version}", **fields)
        router.add_api_route(f"/{version}", lambda: None, response_model=model)
    application = FastAPI()
    application.include_router(router)
    schemas = application.openapi()["components"]["schemas"]
    assert list(schemas) == ["shop__v1__Order", "shop__v2__Order"]
