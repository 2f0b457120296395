import json
import re
from collections.abc import Callable
from enum import Enum
from hashlib import sha256
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import ValidationError

from snippets.structure_and_start.tags import (
    described_groups,
    guarded_router,
    list_of_tags,
    names_for_clients,
    names_once,
    where_tags_stand,
    wrong_other_spelling,
    wrong_tag_as_guard,
    wrong_text_as_list,
)


def operations(app: FastAPI) -> dict[str, dict[str, Any]]:
    paths = app.openapi()["paths"]
    return {path: found for path, ways in paths.items() for found in ways.values()}


def tags(app: FastAPI) -> dict[str, list[str]]:
    return {path: found.get("tags", []) for path, found in operations(app).items()}


def nothing() -> None:
    """Stand for a path operation."""


@pytest.fixture
def app() -> FastAPI:
    return FastAPI()


def test_operations_and_groups_stand_in_the_document(recorded: Any) -> None:
    document = TestClient(described_groups.app).get("/openapi.json").json()
    path = "/items/{item_id}"
    found = document["paths"][path]["get"]
    names = ("tags", "summary", "description")
    shown = {path: {"get": {name: found[name] for name in names}}}
    text = json.dumps({"paths": shown, "tags": document["tags"]}, indent=2)
    recorded("document.json", re.sub(r"\[\s+(\"\w+\")\s+\]", r"[\1]", text))
    assert operations(described_groups.app)["/items"]["summary"] == "List all items"


def test_the_order_of_openapi_tags_is_kept_and_not_that_of_the_routers() -> None:
    names = [tag["name"] for tag in described_groups.app.openapi()["tags"]]
    assert names == ["users", "items"]
    assert next(iter(tags(described_groups.app))) == "/items"


def test_the_first_program_answers() -> None:
    client = TestClient(described_groups.app)
    assert client.get("/items/99").json() == {"id": 99, "price": 250}
    assert client.get("/items").json() == ["ring"]
    assert client.get("/users/me").json() == "ann"


def test_tags_add_up_from_the_outside_in() -> None:
    expected = ["v1", "shop", "public", "prices", "beta"]
    assert tags(where_tags_stand.app) == {"/prices": expected}
    assert TestClient(where_tags_stand.app).get("/prices").json() == [3]


def test_a_tag_that_is_given_twice_stands_twice(app: FastAPI) -> None:
    router = APIRouter(tags=["items"])
    router.add_api_route("/items", nothing)
    app.include_router(router, tags=["items"])
    assert tags(app) == {"/items": ["items", "items"]}


def test_a_websocket_and_a_mount_take_no_tags(app: FastAPI) -> None:
    calls: list[Callable[..., Any]] = [
        lambda **extra: app.websocket("/ws", **extra),
        lambda **extra: app.mount("/sub", FastAPI(), **extra),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="unexpected keyword argument 'tags'"):
            call(tags=["items"])


def test_the_application_takes_no_tags_or_ignores_them(
    older: Callable[[str, str], bool],
) -> None:
    extra: dict[str, Any] = {"tags": ["items"]}
    if not older("fastapi", "0.145.0"):
        with pytest.raises(TypeError, match="unexpected keyword argument 'tags'"):
            FastAPI(**extra)
        return
    app = FastAPI(**extra)
    app.add_api_route("/items", nothing)
    assert tags(app) == {"/items": []}


def test_operations_without_a_tag_have_none_in_the_document(app: FastAPI) -> None:
    app.add_api_route("/health", nothing)
    assert "tags" not in operations(app)["/health"]
    assert "tags" not in app.openapi()


def test_groups_need_no_operation_and_operations_no_group(app: FastAPI) -> None:
    app.openapi_tags = [{"name": "empty"}]
    app.add_api_route("/items", nothing, tags=["items"])
    assert app.openapi()["tags"] == [{"name": "empty"}]
    assert tags(app) == {"/items": ["items"]}


def test_swagger_ui_gets_its_settings_from_the_application() -> None:
    settings = {
        "tagsSorter": "alpha",
        "operationsSorter": "alpha",
        "docExpansion": "none",
    }
    page = TestClient(FastAPI(swagger_ui_parameters=settings)).get("/docs").text
    for name, value in settings.items():
        assert f'"{name}": "{value}"' in page


@pytest.mark.parametrize(
    "entry",
    [
        {"description": "no name"},
        {"name": "items", "externalDocs": {"url": "catalogue"}},
        {"name": "items", "externalDocs": {"description": "no url"}},
    ],
)
def test_an_entry_that_does_not_fit_is_a_500_at_the_document_alone(
    app: FastAPI, entry: dict[str, Any]
) -> None:
    app.openapi_tags = [entry]
    app.add_api_route("/items", nothing)
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/openapi.json").status_code == 500
    assert client.get("/items").status_code == 200
    with pytest.raises(ValidationError):
        app.openapi()


def test_summary_and_description_come_from_the_function(app: FastAPI) -> None:
    def read_item() -> None:
        """Return one.

        More.
        \f
        For colleagues.
        """

    app.add_api_route("/default", read_item)
    app.add_api_route("/named", read_item, name="find_item")
    app.add_api_route("/own", read_item, summary="One", description="D")
    found = operations(app)
    assert found["/default"]["summary"] == "Read Item"
    assert found["/default"]["description"] == "Return one.\n\nMore."
    assert found["/named"]["summary"] == "Find Item"
    assert found["/own"]["summary"] == "One"
    assert found["/own"]["description"] == "D"


def test_the_text_of_an_answer_can_be_set(app: FastAPI) -> None:
    app.add_api_route("/default", nothing)
    app.add_api_route("/own", nothing, response_description="The item")
    texts = [
        found["responses"]["200"]["description"] for found in operations(app).values()
    ]
    assert texts == ["Successful Response", "The item"]


def test_an_operation_can_be_deprecated_or_left_out_and_answers(app: FastAPI) -> None:
    router = APIRouter(deprecated=True)
    router.add_api_route("/routed", nothing)
    app.add_api_route("/old", nothing, deprecated=True)
    app.add_api_route("/hidden", nothing, include_in_schema=False)
    app.include_router(router)
    found = operations(app)
    assert {path: item["deprecated"] for path, item in found.items()} == {
        "/old": True,
        "/routed": True,
    }
    client = TestClient(app)
    for path in ("/old", "/routed", "/hidden"):
        assert client.get(path).status_code == 200


def test_an_enum_gives_both_names() -> None:
    assert tags(names_once.app) == {"/items": ["items"]}
    names = [tag["name"] for tag in names_once.app.openapi()["tags"]]
    assert names == ["users", "items"]
    assert TestClient(names_once.app).get("/openapi.json").status_code == 200


def test_other_enums_give_their_class_in_an_operation_id() -> None:
    class Plain(Enum):
        ITEMS = "items"

    mixed = Enum("mixed", {"ITEMS": "items"}, type=str)
    ids = []
    for tag in (Plain.ITEMS, mixed["ITEMS"], names_once.Tag.ITEMS):
        app = FastAPI(generate_unique_id_function=names_for_clients.operation_id)
        app.add_api_route("/items", nothing, tags=[tag])
        assert tags(app) == {"/items": ["items"]}
        ids.append(operations(app)["/items"]["operationId"])
    assert ids == ["Plain.ITEMS-nothing", "mixed.ITEMS-nothing", "items-nothing"]


def test_operation_ids_hold_the_first_tag_or_default() -> None:
    ids = [found["operationId"] for found in operations(names_for_clients.app).values()]
    assert ids == ["items-read_items", "default-read_health"]


def test_an_operation_id_from_the_first_tag_fails_without_a_tag() -> None:
    def operation_id(route: APIRoute) -> str:
        return f"{route.tags[0]}-{route.name}"

    app = FastAPI(generate_unique_id_function=operation_id)
    with pytest.raises(IndexError):
        app.add_api_route("/health", nothing)


@pytest.mark.since(fastapi="0.137.0")
def test_in_a_router_the_missing_tag_is_a_500_for_what_comes_as_far() -> None:
    def operation_id(route: APIRoute) -> str:
        return f"{route.tags[0]}-{route.name}"

    app = FastAPI(generate_unique_id_function=operation_id)
    app.add_api_route("/before", nothing, tags=["items"])
    untagged, tagged = APIRouter(), APIRouter(tags=["users"])
    untagged.add_api_route("/health", nothing)
    untagged.add_api_route("/beside", nothing, tags=["items"])
    tagged.add_api_route("/after", nothing)
    app.include_router(untagged)
    app.include_router(tagged)
    with TestClient(app, raise_server_exceptions=False) as client:
        paths = ("/before", "/health", "/beside", "/after", "/openapi.json")
        found = [client.get(path).status_code for path in paths]
    assert found == [200, 500, 500, 500, 500]


def test_a_tag_guards_nothing_and_a_dependency_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guarded_router, "ADMINS", {sha256(b"right").hexdigest()})
    assert TestClient(wrong_tag_as_guard.app).delete("/admin/users/1").json() == 1
    client = TestClient(guarded_router.app)
    assert client.delete("/admin/users/1").status_code == 401
    for token, status in ((b"wrong", 403), (b"\xe9", 403), (b"right", 200)):
        headers = [(b"Authorization", b"Bearer " + token)]
        assert client.delete("/admin/users/1", headers=headers).status_code == status
    assert tags(guarded_router.app) == {"/admin/users/{user_id}": ["admin only"]}


def test_without_any_setting_nobody_is_an_admin() -> None:
    headers = {"Authorization": "Bearer right"}
    answer = TestClient(guarded_router.app).delete("/admin/users/1", headers=headers)
    assert answer.status_code == 403


def test_a_text_becomes_a_tag_for_each_letter() -> None:
    assert tags(wrong_text_as_list.app) == {"/items": ["i", "t", "e", "m", "s"]}
    assert tags(list_of_tags.app) == {"/items": ["items"]}


def test_a_text_on_a_router_fails_at_the_first_operation() -> None:
    router = APIRouter(tags="items")  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="'str' object has no attribute 'copy'"):
        router.get("/items")(nothing)


def test_names_that_differ_in_case_are_two_groups() -> None:
    document = wrong_other_spelling.app.openapi()
    assert document["tags"] == [
        {"name": "items", "description": "What the shop sells."}
    ]
    assert tags(wrong_other_spelling.app) == {"/items": ["Items"]}


def test_a_mounted_application_keeps_its_tags_to_itself(app: FastAPI) -> None:
    inner = FastAPI(openapi_tags=[{"name": "inner"}])
    inner.add_api_route("/a", nothing, tags=["inner"])
    app.mount("/sub", inner)
    document = TestClient(app).get("/openapi.json").json()
    assert document["paths"] == {}
    assert "tags" not in document
    inner_document = TestClient(app).get("/sub/openapi.json").json()
    assert inner_document["tags"] == [{"name": "inner"}]


def test_keys_that_fastapi_does_not_know_are_copied(app: FastAPI) -> None:
    entry = {"name": "cash", "parent": "money", "kind": "nav", "summary": "Cash"}
    app.openapi_tags = [entry]
    document = TestClient(app).get("/openapi.json").json()
    assert document["tags"] == [entry]
    assert document["openapi"] == "3.1.0"


def test_webhooks_have_tags(app: FastAPI) -> None:
    app.webhooks.post("order-sent", tags=["orders"])(nothing)
    assert app.openapi()["webhooks"]["order-sent"]["post"]["tags"] == ["orders"]
