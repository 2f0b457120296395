import asyncio
import importlib
import json
import logging
from collections.abc import Awaitable, Callable
from functools import update_wrapper, wraps
from itertools import count

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.dependencies import utils
from fastapi.exceptions import FastAPIError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.testclient import TestClient

from snippets.requests.path_operations import (
    app_get,
    bound_method,
    operations,
    router_operation,
    routers,
    several_methods,
    wrapped_decorator,
    wrong_decorator,
    wrong_method,
    wrong_router_route,
)

Recorder = Callable[[str, str], None]


def client_of(app: FastAPI) -> TestClient:
    return TestClient(app, follow_redirects=False, raise_server_exceptions=False)


def methods_in(response: httpx2.Response) -> set[str]:
    return set(response.headers["allow"].split(", "))


def test_app_route_is_an_attribute_error(recorded: Recorder) -> None:
    name = "snippets.requests.path_operations.wrong_app_route"
    with pytest.raises(AttributeError) as caught:
        importlib.import_module(name)
    recorded("app_route.txt", f"AttributeError: {caught.value}")


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The first program of the page, with items of its own for each test."""
    items = {1: operations.Item(name="Lamp"), 2: operations.Item(name="Desk")}
    monkeypatch.setattr(operations, "items", items)
    monkeypatch.setattr(operations, "numbers", count(3))
    return client_of(operations.app)


def exchange(client: TestClient, method: str, target: str, body: object = None) -> str:
    response = client.request(method, target, json=body)
    sent = "" if body is None else f"  {json.dumps(body)}"
    answer = f"{response.status_code} {response.reason_phrase}  {response.text}"
    return f"{method} {target}{sent}\n{answer.rstrip()}"


@pytest.mark.since(starlette="1.2.0")
def test_method_and_path_choose_the_function(
    fresh: TestClient, recorded: Recorder
) -> None:
    calls: list[tuple[str, str, object]] = [
        ("GET", "/items/1", None),
        ("GET", "/items?name=Desk", None),
        ("POST", "/items", {"name": "Chair"}),
        ("DELETE", "/items/3", None),
        ("GET", "/items/3", None),
        ("GET", "/items/lamp", None),
        ("PATCH", "/items", None),
    ]
    recorded("calls.txt", "\n\n".join(exchange(fresh, *call) for call in calls))


def test_deleting_twice_is_404_and_a_number_is_not_used_again(
    fresh: TestClient,
) -> None:
    for path in ["/items/1", "/items/2"]:
        assert fresh.delete(path).status_code == 204
        assert fresh.delete(path).status_code == 404
    assert fresh.post("/items", json={"name": "Chair"}).status_code == 201
    assert list(operations.items) == [3]


def test_a_name_that_no_response_can_hold_is_not_stored(fresh: TestClient) -> None:
    lenient = TestClient(operations.app, raise_server_exceptions=False)
    half = '{"name": "\\ud800"}'
    lenient.post("/items", content=half, headers={"Content-Type": "application/json"})
    assert list(operations.items) == [1, 2]
    assert lenient.get("/items").status_code == 200


def test_def_works_as_well_as_async_def() -> None:
    app = FastAPI()

    @app.get("/items/{item_id}")
    def read_item(item_id: int) -> int:
        return item_id

    assert client_of(app).get("/items/3").json() == 3


def test_braces_name_path_parameters_scalars_are_query_and_models_are_the_body() -> (
    None
):
    paths = operations.app.openapi()["paths"]
    (in_path,) = paths["/items/{item_id}"]["get"]["parameters"]
    assert (in_path["name"], in_path["in"]) == ("item_id", "path")
    (in_query,) = paths["/items"]["get"]["parameters"]
    assert (in_query["name"], in_query["in"]) == ("name", "query")
    assert "requestBody" in paths["/items"]["post"]


def test_what_the_options_of_the_decorator_do() -> None:
    app = FastAPI()
    calls: list[str] = []

    @app.get(
        "/item",
        status_code=203,
        response_model=operations.Item,
        tags=["items"],
        summary="Read it",
        description="The **item**.",
        dependencies=[Depends(lambda: calls.append("check"))],
        responses={404: {"description": "No such item"}},
        deprecated=True,
        name="the-item",
    )
    def read() -> dict[str, str]:
        return {"name": "Lamp", "secret": "s3cr3t"}

    app.add_api_route("/hidden", lambda: "there", include_in_schema=False)
    client = client_of(app)
    response = client.get("/item")
    assert response.status_code == 203
    assert response.json() == {"name": "Lamp"}
    assert calls == ["check"]
    assert client.get("/hidden").json() == "there"
    assert app.url_path_for("the-item") == "/item"
    paths = app.openapi()["paths"]
    assert list(paths) == ["/item"]
    documented = paths["/item"]["get"]
    assert documented["tags"] == ["items"]
    assert documented["summary"] == "Read it"
    assert documented["description"] == "The **item**."
    assert documented["deprecated"] is True
    assert documented["responses"]["404"]["description"] == "No such item"


def test_there_is_a_decorator_for_eight_methods_and_none_called_route() -> None:
    names = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
    assert all(hasattr(FastAPI, name) for name in names)
    assert not hasattr(FastAPI, "route")
    assert not hasattr(FastAPI, "query")


def test_api_route_takes_several_methods_and_any_method() -> None:
    app = FastAPI()

    @app.api_route("/search", methods=["QUERY", "POST"])
    async def search() -> str:
        return "found"

    client = client_of(app)
    assert client.request("QUERY", "/search").json() == "found"
    assert client.post("/search").json() == "found"


def test_every_operation_is_documented_under_path_and_method() -> None:
    paths = operations.app.openapi()["paths"]
    assert set(paths["/items/{item_id}"]) == {"get", "delete"}
    assert set(paths["/items"]) == {"get", "post"}


def test_two_decorators_accept_two_methods() -> None:
    client = client_of(several_methods.app)
    assert client.get("/health").json() == "ok"
    assert client.head("/health").status_code == 200


def test_the_status_code_is_200_unless_the_decorator_says_otherwise() -> None:
    paths = operations.app.openapi()["paths"]
    assert "200" in paths["/items/{item_id}"]["get"]["responses"]
    assert "201" in paths["/items"]["post"]["responses"]
    assert "204" in paths["/items/{item_id}"]["delete"]["responses"]


def test_the_decorator_returns_the_function_unchanged() -> None:
    item = asyncio.run(operations.read_item(1))
    assert item == operations.Item(name="Lamp")


def test_router_route_neither_validates_nor_documents() -> None:
    response = client_of(wrong_router_route.app).get("/items/3")
    assert response.status_code == 500
    assert wrong_router_route.app.openapi()["paths"] == {}
    with pytest.raises(TypeError, match="'dict' object is not callable"):
        TestClient(wrong_router_route.app).get("/items/3")


def test_router_get_validates_and_documents() -> None:
    client = client_of(router_operation.app)
    assert client.get("/items/3").json() == {"item_id": 3}
    assert client.get("/items/x").status_code == 422
    assert "/items/{item_id}" in router_operation.app.openapi()["paths"]


def test_another_method_on_a_known_path_is_405_with_allow() -> None:
    response = client_of(operations.app).patch("/items")
    assert response.status_code == 405
    assert methods_in(response) == {"GET"}
    assert response.json() == {"detail": "Method Not Allowed"}


def test_a_get_on_a_path_with_post_alone_is_405() -> None:
    app = FastAPI()
    app.post("/orders")(routers.list_users)
    response = client_of(app).get("/orders")
    assert response.status_code == 405
    assert methods_in(response) == {"POST"}


def test_allow_names_only_the_methods_of_the_first_matching_route() -> None:
    response = client_of(operations.app).patch("/items/3")
    assert response.status_code == 405
    assert methods_in(response) == {"GET"}


def test_a_cors_preflight_needs_no_route_of_its_own() -> None:
    app = FastAPI()
    app.get("/items")(list)
    app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example.com"])
    asked = {
        "Origin": "https://shop.example.com",
        "Access-Control-Request-Method": "GET",
    }
    assert TestClient(app).options("/items", headers=asked).status_code == 200
    assert TestClient(app).options("/items").status_code == 405


def test_get_includes_neither_head_nor_options() -> None:
    client = client_of(operations.app)
    assert client.head("/items/3").status_code == 405
    assert client.options("/items/3").status_code == 405


def test_an_unknown_path_is_404() -> None:
    assert client_of(operations.app).get("/nothing").status_code == 404


def test_prefixes_are_put_in_front_of_the_path() -> None:
    client = client_of(routers.app)
    assert client.get("/v1/users").json() == [1, 2]
    assert client.get("/v1/users/2").json() == 2
    operation = routers.app.openapi()["paths"]["/v1/users"]["get"]
    assert operation["tags"] == ["users"]


def test_a_prefix_must_begin_with_a_slash_and_not_end_with_one() -> None:
    with pytest.raises(AssertionError, match="must start with '/'"):
        APIRouter(prefix="users")
    with pytest.raises(AssertionError, match="must not end with '/'"):
        APIRouter(prefix="/users/")
    APIRouter(prefix="")


def test_the_name_of_a_route_replaces_that_of_the_function() -> None:
    app = FastAPI()
    app.get("/users", name="all")(routers.list_users)
    app.get("/people", operation_id="people")(routers.list_users)
    paths = app.openapi()["paths"]
    assert paths["/users"]["get"]["summary"] == "All"
    assert paths["/users"]["get"]["operationId"] == "all_users_get"
    assert paths["/people"]["get"]["operationId"] == "people"


def test_prefix_and_path_cannot_both_be_empty() -> None:
    router = APIRouter()
    router.add_api_route("", routers.list_users)
    with pytest.raises(FastAPIError, match="cannot be both empty"):
        FastAPI().include_router(router)


def test_a_route_added_to_a_router_after_include_router_works(
    older: Callable[[str, str], bool],
) -> None:
    app, router = FastAPI(), APIRouter()
    app.include_router(router, prefix="/v1")
    client = client_of(app)
    assert client.get("/v1/late").status_code == 404
    router.add_api_route("/late", routers.list_users)
    if older("fastapi", "0.137.0"):
        assert client.get("/v1/late").status_code == 404
    else:
        assert client.get("/v1/late").json() == [1, 2]
        assert "/v1/late" in app.openapi()["paths"]


@pytest.mark.since(fastapi="0.137.0")
def test_app_routes_is_a_tree_that_does_not_list_the_included_paths() -> None:
    paths = [getattr(route, "path", None) for route in routers.app.routes]
    assert "/v1/users" not in paths
    assert None in paths


def test_one_slash_too_much_or_too_few_is_a_307_to_the_declared_path() -> None:
    client = client_of(routers.app)
    response = client.get("/v1/users/?page=2")
    assert response.status_code == 307
    assert response.headers["location"] == "http://testserver/v1/users?page=2"
    app = FastAPI()
    app.add_api_route("/items/", routers.list_users)
    assert client_of(app).get("/items").status_code == 307


def test_the_redirect_names_scheme_and_host_of_the_request() -> None:
    client = client_of(routers.app)
    sent = {"Host": "api.example.com", "X-Forwarded-Proto": "https"}
    response = client.get("/v1/users/", headers=sent)
    assert response.headers["location"] == "http://api.example.com/v1/users"


def test_without_redirect_slashes_the_other_form_is_404() -> None:
    app = FastAPI(redirect_slashes=False)
    app.add_api_route("/items", routers.list_users)
    assert client_of(app).get("/items/").status_code == 404


def test_the_second_function_of_one_method_and_path_is_never_called() -> None:
    app = FastAPI()
    app.add_api_route("/items", routers.list_users, name="first")
    app.add_api_route("/items", lambda: "second", name="second")
    assert client_of(app).get("/items").json() == [1, 2]
    documented = app.openapi()["paths"]["/items"]["get"]["operationId"]
    assert documented == "second_items_get"


def test_a_decorator_without_wraps_turns_args_and_kwargs_into_parameters() -> None:
    response = client_of(wrong_decorator.app).get("/report", params={"year": 2026})
    assert response.status_code == 422
    missing = [error["loc"] for error in response.json()["detail"]]
    assert missing == [["query", "args"], ["query", "kwargs"]]


def test_a_decorator_with_wraps_keeps_the_parameters(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = client_of(wrapped_decorator.app)
    with caplog.at_level(logging.INFO, wrapped_decorator.__name__):
        assert client.get("/report", params={"year": 2026}).json() == 2026
    messages = [r.getMessage() for r in caplog.records if r.name.endswith("decorator")]
    assert len(messages) == 1
    assert messages[0].endswith(" s")


def test_update_wrapper_keeps_the_parameters_too() -> None:
    def report(year: int) -> int:
        return year

    def wrapper(*args: int, **kwargs: int) -> int:
        return report(*args, **kwargs)

    update_wrapper(wrapper, report)
    app = FastAPI()
    app.add_api_route("/report", wrapper)
    assert client_of(app).get("/report", params={"year": 2026}).json() == 2026


def test_a_decorator_above_the_route_decorator_does_not_run() -> None:
    app = FastAPI()
    calls: list[str] = []

    def counted(function: Callable[[], str]) -> Callable[[], str]:
        def wrapper() -> str:
            calls.append("called")
            return function()

        return wrapper

    @counted
    @app.get("/report")
    def report() -> str:
        return "report"

    assert client_of(app).get("/report").json() == "report"
    assert calls == []
    report()
    assert calls == ["called"]


def test_a_decorated_method_asks_for_self_as_a_query_parameter() -> None:
    response = client_of(wrong_method.app).get("/shelf", params={"position": 4})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", "self"]


def test_a_method_of_an_object_can_be_a_path_operation_function() -> None:
    client = client_of(bound_method.app)
    assert client.get("/shelf", params={"position": 4}).json() == "A 4"


def test_the_app_get_decorator_validates() -> None:
    client = client_of(app_get.app)
    assert client.get("/items/3").json() == {"item_id": 3}
    assert client.get("/items/x").status_code == 422


def test_a_path_without_a_leading_slash_is_accepted_and_is_a_404() -> None:
    app = FastAPI()
    app.add_api_route("items", routers.list_users)
    client = client_of(app)
    assert client.get("/items").status_code == 404
    assert client.get("items").status_code == 404


def test_a_path_without_a_leading_slash_is_glued_to_the_prefix() -> None:
    app, router = FastAPI(), APIRouter(prefix="/v1")
    router.add_api_route("items", routers.list_users)
    app.include_router(router)
    client = client_of(app)
    assert client.get("/v1items").json() == [1, 2]
    assert client.get("/v1/items").status_code == 404


def test_the_signature_is_read_again_for_an_included_router(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[object] = []
    original = utils.get_typed_signature

    def counted(call: Callable[..., object]) -> object:
        calls.append(call)
        return original(call)

    monkeypatch.setattr(utils, "get_typed_signature", counted)
    app, router = FastAPI(), APIRouter()

    @router.get("/items")
    async def read() -> int:
        return 3

    assert calls == [read]
    app.include_router(router, prefix="/v1")
    assert client_of(app).get("/v1/items").json() == 3
    assert calls.count(read) > 1


def test_the_schema_is_openapi_3_1() -> None:
    assert operations.app.openapi()["openapi"].startswith("3.1.")


def test_an_async_wrapper_around_def_takes_it_out_of_its_thread() -> None:
    app = FastAPI()
    on_a_loop: list[bool] = []

    def traced(function: Callable[[], None]) -> Callable[[], Awaitable[None]]:
        @wraps(function)
        async def wrapper() -> None:
            function()

        return wrapper

    def report() -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            on_a_loop.append(False)
        else:
            on_a_loop.append(True)

    app.add_api_route("/plain", report)
    app.add_api_route("/traced", traced(report))
    client = client_of(app)
    assert client.get("/plain").status_code == 200
    assert client.get("/traced").status_code == 200
    assert on_a_loop == [False, True]


def test_a_request_does_not_read_the_signature() -> None:
    app = FastAPI()

    def report(year: int) -> int:
        return year

    app.add_api_route("/report", report)
    report.__annotations__["year"] = str
    assert client_of(app).get("/report?year=x").status_code == 422


def test_the_result_is_filtered_by_the_return_type() -> None:
    class Stored(operations.Item):
        secret: str

    app = FastAPI()

    @app.get("/item")
    async def read() -> operations.Item:
        return Stored(name="Lamp", secret="s3cr3t")

    assert client_of(app).get("/item").json() == {"name": "Lamp"}


def test_a_plain_wrapper_around_async_def_ends_before_the_body_runs() -> None:
    app = FastAPI()
    steps: list[str] = []

    def traced(function: Callable[[], Awaitable[str]]) -> Callable[[], Awaitable[str]]:
        @wraps(function)
        def wrapper() -> Awaitable[str]:
            try:
                return function()
            finally:
                steps.append("wrapper ends")

        return wrapper

    @app.get("/report")
    @traced
    async def report() -> str:
        steps.append("body runs")
        return "report"

    assert client_of(app).get("/report").json() == "report"
    assert steps == ["wrapper ends", "body runs"]


def test_no_dependency_runs_for_router_route() -> None:
    calls: list[str] = []
    dependency = Depends(lambda: calls.append("dependency"))
    router = APIRouter(dependencies=[dependency])
    router.add_api_route("/checked", lambda: "checked")

    @router.route("/raw")
    async def raw(request: Request) -> Response:
        return Response("raw")

    app = FastAPI(dependencies=[dependency])
    app.include_router(router, dependencies=[dependency])
    assert client_of(app).get("/raw").text == "raw"
    assert calls == []
    client_of(app).get("/checked")
    assert "dependency" in calls


def test_api_route_with_two_methods_warns_of_a_duplicate_operation_id() -> None:
    app = FastAPI()
    app.add_api_route("/items", routers.list_users, methods=["GET", "PUT"])
    with pytest.warns(UserWarning, match="Duplicate Operation ID"):
        app.openapi()


def test_two_decorators_on_one_function_give_two_operation_ids() -> None:
    app = FastAPI()
    app.get("/items")(app.put("/items")(routers.list_users))
    operations = app.openapi()["paths"]["/items"]
    ids = {operation["operationId"] for operation in operations.values()}
    assert ids == {"list_users_items_get", "list_users_items_put"}
