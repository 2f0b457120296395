import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from starlette.convertors import CONVERTOR_TYPES

from snippets.requests.route_order import (
    catch_all_last,
    converter,
    distinct_paths,
    fixed_first,
    wrong_catch_all,
    wrong_mount,
    wrong_parameter_first,
    wrong_text_parameter,
)

Recorder = Callable[[str, str], None]


async def first() -> str:
    return "first"


async def second() -> str:
    return "second"


def test_users_me_is_422_when_the_parameter_comes_first(recorded: Recorder) -> None:
    response = TestClient(wrong_parameter_first.app).get("/users/me")
    assert response.status_code == 422
    recorded("users_me.json", json.dumps(response.json(), indent=2))


@pytest.mark.since(starlette="1.2.0")
def test_users_me_is_found_when_the_fixed_path_comes_first(recorded: Recorder) -> None:
    client = TestClient(fixed_first.app)
    answers = []
    for target in ["/users/me", "/users/3", "/users/abc"]:
        response = client.get(target)
        status = f"{response.status_code} {response.reason_phrase}"
        answers.append(f"GET {target}\n{status}  {response.text}")
    recorded("answers.txt", "\n\n".join(answers))


def test_a_text_parameter_lets_the_wrong_function_answer_with_200() -> None:
    response = TestClient(wrong_text_parameter.app).delete("/carts/expired")
    assert response.status_code == 200
    assert response.json() == "deleted cart expired"


def test_distinct_paths_need_no_order() -> None:
    client = TestClient(distinct_paths.app)
    assert client.delete("/expired-carts").json() == "deleted expired carts"
    assert client.delete("/carts/expired").json() == "deleted cart expired"


def test_both_routes_are_in_the_schema_although_one_is_never_reached() -> None:
    for app in (wrong_parameter_first.app, fixed_first.app):
        assert set(app.openapi()["paths"]) == {"/users/{user_id}", "/users/me"}


def test_another_method_does_not_take_the_request() -> None:
    app = FastAPI()
    app.add_api_route("/users/{user_id}", first, methods=["GET"])
    app.add_api_route("/users/me", second, methods=["POST"])
    assert TestClient(app).post("/users/me").json() == "second"


def test_no_method_matches_and_the_answer_is_405_of_the_first_path() -> None:
    app = FastAPI()
    app.add_api_route("/users/{user_id}", first, methods=["GET"])
    app.add_api_route("/users/me", second, methods=["POST"])
    response = TestClient(app).delete("/users/me")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET"


def test_stacked_decorators_register_from_the_bottom_up() -> None:
    app = FastAPI()

    @app.get("/users/me")
    @app.get("/users/{user_id}")
    async def read_user(user_id: int = 0) -> int:
        return user_id

    assert TestClient(app).get("/users/me").status_code == 422


def test_the_same_path_twice_calls_the_first_and_documents_the_second() -> None:
    app = FastAPI()
    app.add_api_route("/items", first)
    app.add_api_route("/items", second)
    assert TestClient(app).get("/items").json() == "first"
    assert app.openapi()["paths"]["/items"]["get"]["summary"] == "Second"


def test_the_converter_int_takes_digits_only_and_leaves_the_rest() -> None:
    client = TestClient(converter.app)
    assert client.get("/users/3").json() == "user 3"
    assert client.get("/users/ann").json() == "user named ann"
    assert client.get("/users/-3").json() == "user named -3"


@pytest.mark.parametrize("value", ["abc", "-3", "1.5"])
def test_with_a_converter_a_wrong_value_is_404_and_not_422(value: str) -> None:
    assert TestClient(converter.app).get(f"/orders/{value}").status_code == 404


def test_a_very_long_number_is_500_with_the_converter_and_422_without() -> None:
    number = 4_301 * "1"
    client = TestClient(converter.app, raise_server_exceptions=False)
    assert client.get(f"/orders/{number[1:]}").status_code == 200
    assert client.get(f"/orders/{number}").status_code == 500
    assert TestClient(fixed_first.app).get(f"/users/{number}").status_code == 422


def test_without_a_converter_a_wrong_value_is_422() -> None:
    client = TestClient(fixed_first.app)
    assert client.get("/users/abc").status_code == 422
    assert client.get("/users/-3").json() == "user -3"


def test_the_schema_shows_the_path_without_the_converter() -> None:
    assert "/orders/{order_id}" in converter.app.openapi()["paths"]


def test_there_are_five_converters() -> None:
    assert set(CONVERTOR_TYPES) == {"str", "path", "int", "float", "uuid"}
    with pytest.raises(AssertionError, match="Unknown path convertor"):
        FastAPI().add_api_route("/{value:bool}", first)


def test_a_converter_needs_an_annotation_that_agrees() -> None:
    app = FastAPI()

    @app.get("/text/{user_id:int}")
    async def text(user_id: str) -> str:
        return user_id

    @app.get("/plain/{user_id:int}")
    async def plain(user_id) -> str:  # type: ignore[no-untyped-def]
        return type(user_id).__name__

    client = TestClient(app)
    response = client.get("/text/3")
    assert response.status_code == 422
    assert response.json()["detail"][0]["type"] == "string_type"
    assert client.get("/plain/3").json() == "int"
    (parameter,) = app.openapi()["paths"]["/plain/{user_id}"]["get"]["parameters"]
    assert "type" not in parameter["schema"]


def test_a_catch_all_included_first_hides_the_router_behind_it() -> None:
    client = TestClient(wrong_catch_all.app)
    assert client.get("/api/items").json() == "page api/items"


def test_a_catch_all_matches_no_path_with_a_line_break_inside_it() -> None:
    client = TestClient(catch_all_last.app)
    assert client.get("/a%0Ab").status_code == 404


def test_a_catch_all_included_last_gets_only_what_is_left() -> None:
    client = TestClient(catch_all_last.app)
    assert client.get("/api/items").json() == ["Lamp"]
    assert client.get("/about").json() == "page about"


def test_a_catch_all_below_a_prefix_hides_no_router_behind_it() -> None:
    app, below, free, api = FastAPI(), APIRouter(prefix="/a"), APIRouter(), APIRouter()
    for catch_all in (below, free):
        catch_all.add_api_route("/{path:path}", first)
    api.add_api_route("/items", second)
    app.include_router(below)
    app.include_router(free, prefix="/b")
    app.include_router(api)
    answers = [TestClient(app).get(path).json() for path in ("/a/x", "/b/x", "/items")]
    assert answers == ["first", "first", "second"]


def test_the_docs_come_before_every_route_of_the_application() -> None:
    client = TestClient(wrong_catch_all.app)
    assert client.get("/openapi.json").json()["info"]["title"] == "FastAPI"
    for path in ("/docs", "/redoc"):
        assert client.get(path).headers["content-type"].startswith("text/html")


@pytest.mark.since(fastapi="0.137.0")
def test_a_route_added_late_to_a_router_keeps_the_routers_place() -> None:
    app, early, catch_all = FastAPI(), APIRouter(), APIRouter()
    catch_all.add_api_route("/{path:path}", second)
    app.include_router(early)
    app.include_router(catch_all)
    early.add_api_route("/late", first)
    assert TestClient(app).get("/late").json() == "first"


def test_a_mount_takes_everything_below_its_path() -> None:
    sub = FastAPI()
    sub.add_api_route("/known", first)
    app = FastAPI()
    app.mount("/sub", sub)
    app.add_api_route("/sub/other", second)
    client = TestClient(app)
    assert client.get("/sub/known").json() == "first"
    assert client.get("/sub/other").status_code == 404


def test_a_mount_at_the_root_hides_every_route_declared_after_it() -> None:
    app = FastAPI()
    app.mount("/", FastAPI(openapi_url=None))
    app.add_api_route("/health", first)
    assert TestClient(app).get("/health").status_code == 404


@pytest.mark.since(fastapi="0.138.0")
def test_frontend_files_come_last_wherever_they_are_declared(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("start page")
    (tmp_path / "health").mkdir()
    (tmp_path / "health" / "index.html").write_text("a file")
    app = FastAPI()
    app.frontend("/", directory=tmp_path)
    app.add_api_route("/health", first)
    client = TestClient(app, follow_redirects=False)
    assert client.get("/health").json() == "first"
    assert client.get("/health/").headers["location"] == "http://testserver/health"
    assert client.get("/").text == "start page"
    assert client.post("/health").status_code == 405


def test_static_files_at_the_root_hide_what_is_declared_after_them() -> None:
    assert TestClient(wrong_mount.app).get("/health").status_code == 404


@pytest.mark.since(fastapi="0.138.0")
def test_a_frontend_at_the_root_hides_no_route() -> None:
    from snippets.requests.route_order import frontend_last

    Path(frontend_last.DIST, "index.html").write_text("start page")
    client = TestClient(frontend_last.app)
    assert client.get("/health").json() == "ok"
    assert client.get("/").text == "start page"


def test_another_path_for_the_caller_needs_no_order() -> None:
    app = FastAPI()
    app.add_api_route("/users/{user_id}", first)
    app.add_api_route("/me", second)
    assert TestClient(app).get("/me").json() == "second"


@pytest.mark.since(fastapi="0.137.2")
def test_the_listing_shows_the_order(
    recorded: Recorder, capsys: pytest.CaptureFixture[str]
) -> None:
    from snippets.requests.route_order import listing

    listing.print_routes(listing.app)
    recorded("listing.txt", capsys.readouterr().out.rstrip("\n"))


@pytest.mark.since(fastapi="0.138.0")
def test_the_listing_names_mounts_and_websockets_and_no_frontend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from snippets.requests.route_order import listing

    app = FastAPI(openapi_url=None)
    app.mount("/sub", FastAPI())
    app.add_api_websocket_route("/ws", first)
    app.frontend("/", directory=tmp_path)
    listing.print_routes(app)
    assert capsys.readouterr().out.split() == ["/sub", "/ws"]
