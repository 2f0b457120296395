import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import (
    Body,
    Cookie,
    FastAPI,
    Form,
    Header,
    Path,
    Query,
    Request,
    UploadFile,
)
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Json, model_validator

from snippets.requests.request_parameters import (
    all_kinds,
    bodies,
    forms,
    list_query,
    optional_query,
    query_model,
    two_paths,
    wrong_list,
    wrong_optional,
    wrong_path_default,
)

Recorder = Callable[[str, str], None]
LAMP = {"name": "Lamp"}


def locations(detail: list[dict[str, Any]]) -> list[list[str | int]]:
    return [error["loc"] for error in detail]


def test_one_request_fills_every_kind_of_parameter(recorded: Recorder) -> None:
    sent = {"X-Trace-Id": "4f1c", "Cookie": "session=abc"}
    body = {"name": "Lamp", "price": 12}
    target = "/items/7?dry_run=yes&size=l&item-query=red&tags=new&tags=sale"
    response = TestClient(all_kinds.app).put(target, json=body, headers=sent)
    assert response.status_code == 200
    request = [
        f"PUT {target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in sent.items()),
        "Content-Type: application/json",
        f"\n{json.dumps(body)}",
    ]
    answer = [
        f"\nHTTP/1.1 {response.status_code} {response.reason_phrase}",
        f"\n{json.dumps(response.json(), indent=2)}",
    ]
    recorded("exchange.http", "\n".join(request + answer))


@pytest.mark.parametrize(
    ("target", "body", "place", "kind"),
    [
        ("/items/0", {}, ["path", "item_id"], "greater_than_equal"),
        ("/items/1?size=xl", {}, ["query", "size"], "literal_error"),
        (
            "/items/1?item-query=" + 51 * "a",
            {},
            ["query", "item-query"],
            "string_too_long",
        ),
        ("/items/1?dry_run=maybe", {}, ["query", "dry_run"], "bool_parsing"),
        ("/items/1", {"name": "L"}, ["body", "name"], "string_too_short"),
        ("/items/1", {"price": -1}, ["body", "price"], "greater_than_equal"),
    ],
)
def test_a_value_outside_of_its_limits_is_422(
    target: str, body: dict[str, Any], place: list[str], kind: str
) -> None:
    sent = {"name": "Lamp", "price": 12} | body
    response = TestClient(all_kinds.app).put(target, json=sent)
    assert response.status_code == 422
    (error,) = response.json()["detail"]
    assert (error["loc"], error["type"]) == (place, kind)


@pytest.mark.parametrize(
    ("limit", "refused"),
    [
        ({"gt": 2}, "2"),
        ({"ge": 2}, "1"),
        ({"lt": 2}, "2"),
        ({"le": 2}, "3"),
        ({"multiple_of": 2}, "3"),
    ],
)
def test_limits_of_numbers(limit: dict[str, Any], refused: str) -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint(n: Annotated[int, Query(**limit)]) -> int:
        return n

    assert TestClient(app).get(f"/?n={refused}").status_code == 422


def test_limits_of_text_and_fixed_choices() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint(
        code: Annotated[str, Query(pattern="^[a-z]+$", min_length=2, max_length=4)],
        color: Color = Color.RED,
    ) -> str:
        return code

    client = TestClient(app)
    assert client.get("/?code=abc&color=red").json() == "abc"
    for target in ["/?code=a", "/?code=abcde", "/?code=AB", "/?code=abc&color=blue"]:
        assert client.get(target).status_code == 422


def test_an_alias_replaces_the_name_in_the_request() -> None:
    client = TestClient(all_kinds.app)
    body = {"name": "Lamp", "price": 12}
    assert client.put("/items/1?q=red", json=body).json()["q"] is None
    assert client.put("/items/1?item-query=red", json=body).json()["q"] == "red"


def test_the_schema_names_the_place_of_each_parameter() -> None:
    operation = all_kinds.app.openapi()["paths"]["/items/{item_id}"]["put"]
    places = {entry["name"]: entry["in"] for entry in operation["parameters"]}
    assert places == {
        "item_id": "path",
        "dry_run": "query",
        "size": "query",
        "item-query": "query",
        "tags": "query",
        "x-trace-id": "header",
        "session": "cookie",
    }
    assert set(operation["requestBody"]["content"]) == {"application/json"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/one", LAMP),
        ("/embedded", {"item": LAMP}),
        ("/two", {"item": LAMP, "owner": {"email": "a@example.com"}}),
        ("/model-and-value", {"item": LAMP, "urgent": True}),
        ("/value", 3),
    ],
)
def test_each_body_has_the_shape_that_the_comment_shows(path: str, body: Any) -> None:
    assert TestClient(bodies.app).post(path, json=body).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "missing"),
    [
        ("/one", {"item": LAMP}, [["body", "name"]]),
        ("/embedded", LAMP, [["body", "item"]]),
        ("/two", LAMP, [["body", "item"], ["body", "owner"]]),
    ],
)
def test_the_other_nesting_is_422(path: str, body: Any, missing: list[Any]) -> None:
    response = TestClient(bodies.app).post(path, json=body)
    assert response.status_code == 422
    assert locations(response.json()["detail"]) == missing


def test_json_null_is_none_and_only_a_missing_body_gets_the_default(
    older: Callable[[str, str], bool],
) -> None:
    client = TestClient(bodies.app)
    assert client.post("/nullable").json() == 5
    sent = {"Content-Type": "application/json"}
    value = client.post("/nullable", content="null", headers=sent).json()
    assert value == (5 if older("fastapi", "0.151.0") else None)


def test_a_form_fills_a_model_and_json_does_not() -> None:
    client = TestClient(forms.app)
    response = client.post("/tickets", data={"subject": "Help", "urgent": "on"})
    assert response.json() == {"subject": "Help", "urgent": True}
    assert client.post("/tickets", json={"subject": "Help"}).status_code == 422


def test_form_field_and_file_arrive_together() -> None:
    response = TestClient(forms.app).post(
        "/documents", data={"title": "Plan"}, files={"file": ("plan.txt", b"12345")}
    )
    assert response.json() == {"title": "Plan", "name": "plan.txt", "size": 5}


def test_form_parameters_do_not_read_json() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(title: Annotated[str, Form()]) -> str:
        return title

    client = TestClient(app)
    assert client.post("/", data={"title": "Plan"}).json() == "Plan"
    response = client.post("/", json={"title": "Plan"})
    assert locations(response.json()["detail"]) == [["body", "title"]]


def test_json_body_and_form_field_in_one_operation_accept_neither() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(item: bodies.Item, title: Annotated[str, Form()]) -> str:
        return title

    client = TestClient(app)
    both = {"item": LAMP, "title": "Plan"}
    assert client.post("/", json=both).status_code == 422
    as_form = {"item": json.dumps(LAMP), "title": "Plan"}
    assert client.post("/", data=as_form).status_code == 422


def test_a_model_that_reads_json_text_is_accepted_in_a_form() -> None:
    class Item(BaseModel):
        name: str

        @model_validator(mode="before")
        @classmethod
        def read(cls, value: Any) -> Any:
            return json.loads(value) if isinstance(value, str) else value

    app = FastAPI()

    @app.post("/")
    async def add(item: Item, title: Annotated[str, Form()]) -> Item:
        return item

    form = {"item": json.dumps({"name": "Lamp"}), "title": "Plan"}
    assert TestClient(app).post("/", data=form).json() == {"name": "Lamp"}


def test_beside_an_optional_model_a_form_is_accepted_and_json_in_a_field_is_read() -> (
    None
):
    app = FastAPI()

    @app.post("/optional")
    async def optional(
        title: Annotated[str, Form()], item: bodies.Item | None = None
    ) -> bodies.Item | None:
        return item

    @app.post("/json-in-a-field")
    async def json_in_a_field(
        title: Annotated[str, Form()], item: Annotated[Json[bodies.Item], Form()]
    ) -> bodies.Item:
        return item

    @app.post("/json-alone")
    async def json_alone(item: Annotated[Json[bodies.Item], Form()]) -> bodies.Item:
        return item

    client = TestClient(app)
    alone = client.post("/json-alone", data={"item": json.dumps(LAMP)})
    assert alone.json()["detail"][0]["loc"] == ["body"]
    assert client.post("/optional", data={"title": "Plan"}).status_code == 200
    form = {"item": json.dumps(LAMP), "title": "Plan"}
    assert client.post("/optional", data=form).status_code == 422
    assert client.post("/json-in-a-field", data=form).json() == LAMP
    form["item"] = "{"
    assert client.post("/json-in-a-field", data=form).status_code == 422


def test_bytes_without_file_is_a_query_parameter() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(data: bytes) -> int:
        return len(data)

    response = TestClient(app).post("/", files={"data": b"123"})
    assert locations(response.json()["detail"]) == [["query", "data"]]


def test_a_list_without_query_is_the_body_even_of_get() -> None:
    response = TestClient(wrong_list.app).get("/items?ids=1&ids=2")
    assert response.status_code == 422
    assert locations(response.json()["detail"]) == [["body"]]
    operation = wrong_list.app.openapi()["paths"]["/items"]["get"]
    assert "requestBody" in operation


def test_a_list_with_query_takes_repeated_values() -> None:
    client = TestClient(list_query.app)
    assert client.get("/items?ids=1&ids=2").json() == [1, 2]
    assert client.get("/items?ids=1,2").status_code == 422


def test_a_model_without_query_is_the_body() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint(listing: query_model.Listing) -> None:
        return None

    response = TestClient(app).get("/?limit=3")
    assert locations(response.json()["detail"]) == [["body"]]


def test_a_query_model_reads_lists_and_refuses_unknown_names() -> None:
    client = TestClient(query_model.app)
    response = client.get("/items?limit=3&tags=a&tags=b")
    assert response.json() == {"limit": 3, "tags": ["a", "b"]}
    response = client.get("/items?limt=3")
    assert response.status_code == 422
    assert locations(response.json()["detail"]) == [["query", "limt"]]


def test_without_a_forbidding_model_unknown_names_are_ignored() -> None:
    client = TestClient(list_query.app)
    assert client.get("/items?ids=1&idz=2").json() == [1]


def test_header_cookie_and_form_models_work_the_same_way() -> None:
    app = FastAPI()

    class Trace(BaseModel):
        x_trace_id: str

    class Session(BaseModel):
        session: str

    class Login(BaseModel):
        model_config = ConfigDict(extra="forbid")
        user: str

    @app.post("/")
    async def endpoint(
        trace: Annotated[Trace, Header()],
        cookies: Annotated[Session, Cookie()],
        login: Annotated[Login, Form()],
    ) -> list[str]:
        return [trace.x_trace_id, cookies.session, login.user]

    client = TestClient(app)
    sent = {"X-Trace-Id": "4f1c", "Cookie": "session=abc"}
    response = client.post("/", headers=sent, data={"user": "ann"})
    assert response.json() == ["4f1c", "abc", "ann"]
    response = client.post("/", headers=sent, data={"user": "ann", "x": "1"})
    assert locations(response.json()["detail"]) == [["body", "x"]]


def test_a_forbidding_header_or_cookie_model_refuses_ordinary_requests() -> None:
    app = FastAPI()

    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid")
        session: str | None = None

    @app.get("/headers")
    async def headers(strict: Annotated[Strict, Header()]) -> None:
        return None

    @app.get("/cookies")
    async def cookies(strict: Annotated[Strict, Cookie()]) -> None:
        return None

    client = TestClient(app)
    detail = client.get("/headers").json()["detail"]
    assert ["header", "host"] in locations(detail)
    assert ["header", "user-agent"] in locations(detail)
    response = client.get("/cookies", headers={"Cookie": "session=1; theme=dark"})
    assert locations(response.json()["detail"]) == [["cookie", "theme"]]


def test_a_list_of_text_takes_commas_as_part_of_one_value() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint(ids: Annotated[list[str], Query()]) -> list[str]:
        return ids

    assert TestClient(app).get("/?ids=1,2").json() == ["1,2"]


def test_another_marker_on_a_name_of_the_template_is_an_assertion_error() -> None:
    async def endpoint(number: Annotated[int, Query()]) -> int:
        return number

    with pytest.raises(AssertionError, match="Cannot use `Query` for path param"):
        FastAPI().get("/pages/{number}")(endpoint)


def test_upload_files_need_no_marker_optional_or_in_a_list() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(
        files: list[UploadFile], cover: UploadFile | None = None
    ) -> list[object]:
        return [len(files), cover and cover.filename]

    client = TestClient(app)
    sent = [("files", ("a", b"1")), ("files", ("b", b"2"))]
    assert client.post("/", files=sent).json() == [2, None]
    sent.append(("cover", ("c", b"3")))
    assert client.post("/", files=sent).json() == [2, "c"]


@pytest.mark.since(fastapi="0.160.0")
def test_a_forbidding_model_refuses_the_parameters_beside_it() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint(
        listing: Annotated[query_model.Listing, Query()], page: int = 1
    ) -> int:
        return page

    response = TestClient(app).get("/?limit=3&page=2")
    assert locations(response.json()["detail"]) == [["query", "page"]]


@pytest.mark.since(fastapi="0.157.0")
def test_a_plain_model_and_a_parameter_beside_it_both_get_their_values() -> None:
    app = FastAPI()

    class Paging(BaseModel):
        limit: int = 20

    @app.get("/")
    async def endpoint(paging: Annotated[Paging, Query()], page: int = 1) -> list[int]:
        return [paging.limit, page]

    assert TestClient(app).get("/?limit=3&page=2").json() == [3, 2]


def test_underscores_become_hyphens_and_a_header_with_underscores_is_not_read(
    older: Callable[[str, str], bool],
) -> None:
    app = FastAPI()

    class Trace(BaseModel):
        x_trace_id: str | None = None

    @app.get("/parameter")
    async def parameter(
        x_trace_id: Annotated[str | None, Header()] = None,
    ) -> str | None:
        return x_trace_id

    @app.get("/model")
    async def model(trace: Annotated[Trace, Header()]) -> str | None:
        return trace.x_trace_id

    @app.get("/kept")
    async def kept(
        x_trace_id: Annotated[str | None, Header(convert_underscores=False)] = None,
    ) -> str | None:
        return x_trace_id

    @app.get("/alias")
    async def alias(
        trace: Annotated[str | None, Header(alias="x_trace_id")] = None,
    ) -> str | None:
        return trace

    client = TestClient(app)
    for path in ("/parameter", "/model"):
        assert client.get(path, headers={"X-Trace-Id": "4f1c"}).json() == "4f1c"
        taken = path == "/model" and older("fastapi", "0.136.3")
        value = client.get(path, headers={"x_trace_id": "4f1c"}).json()
        assert value == ("4f1c" if taken else None)
    for path in ("/kept", "/alias"):
        assert client.get(path, headers={"x_trace_id": "4f1c"}).json() == "4f1c"


def test_cookie_names_keep_their_underscores() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint(session_id: Annotated[str, Cookie()]) -> str:
        return session_id

    client = TestClient(app)
    assert client.get("/", headers={"Cookie": "session_id=1"}).json() == "1"
    assert client.get("/", headers={"Cookie": "session-id=1"}).status_code == 422


def test_a_type_that_allows_none_is_required_without_a_default() -> None:
    response = TestClient(wrong_optional.app).get("/search")
    assert response.status_code == 422
    assert locations(response.json()["detail"]) == [["query", "q"]]
    assert TestClient(optional_query.app).get("/search").json() is None


def test_the_default_of_a_path_parameter_is_ignored() -> None:
    client = TestClient(wrong_path_default.app)
    assert client.get("/pages").status_code == 404
    assert client.get("/pages/").status_code == 404
    operation = wrong_path_default.app.openapi()["paths"]["/pages/{number}"]["get"]
    (parameter,) = operation["parameters"]
    assert parameter["required"] is True
    assert "default" not in parameter["schema"]


def test_a_path_parameter_is_always_required() -> None:
    client = TestClient(all_kinds.app)
    assert client.put("/items/").status_code == 404


def test_path_with_a_default_is_an_assertion_error() -> None:
    with pytest.raises(AssertionError, match="cannot have a default value"):
        Path(5)

    async def endpoint(number: Annotated[int, Path()] = 5) -> int:
        return number

    with pytest.raises(AssertionError, match="cannot have default values"):
        FastAPI().get("/pages/{number}")(endpoint)


def test_two_paths_on_one_function_make_the_number_optional() -> None:
    client = TestClient(two_paths.app)
    assert client.get("/pages").json() == 1
    assert client.get("/pages/4").json() == 4


def test_a_default_inside_annotated_query_is_an_assertion_error() -> None:
    async def endpoint(limit: Annotated[int, Query(5)]) -> int:
        return limit

    with pytest.raises(AssertionError, match="default value cannot be set"):
        FastAPI().get("/")(endpoint)


def test_the_braces_belong_to_the_template_and_not_to_the_url() -> None:
    client = TestClient(two_paths.app)
    response = client.get("/pages/{4}")
    assert response.status_code == 422
    assert response.json()["detail"][0]["input"] == "{4}"


def test_a_scalar_becomes_part_of_the_body_with_body_and_of_the_query_without() -> None:
    app = FastAPI()

    @app.post("/")
    async def endpoint(a: int, b: Annotated[int, Body(embed=True)]) -> list[int]:
        return [a, b]

    assert TestClient(app).post("/?a=1", json={"b": 2}).json() == [1, 2]


def test_the_request_gives_every_query_parameter_with_its_repetitions() -> None:
    app = FastAPI()

    @app.get("/")
    async def endpoint(request: Request) -> list[tuple[str, str]]:
        return request.query_params.multi_items()

    response = TestClient(app).get("/?a=1&a=2&b=3")
    assert response.json() == [["a", "1"], ["a", "2"], ["b", "3"]]
    assert "parameters" not in app.openapi()["paths"]["/"]["get"]


@dataclass
class Point:
    x: int


def test_dataclasses_and_dicts_are_body_and_enums_and_dates_are_query() -> None:
    app = FastAPI()

    async def query(
        day: date, moment: datetime, key: UUID, color: Color, raw: bytes, price: Decimal
    ) -> None:
        return None

    def untyped(anything):  # type: ignore[no-untyped-def]
        return anything

    async def body(
        point: Point, extra: dict[str, int], ids: set[int], pair: tuple[int, int]
    ) -> None:
        return None

    app.add_api_route("/untyped", untyped)

    app.add_api_route("/query", query)
    app.add_api_route("/body", body, methods=["POST"])
    client = TestClient(app)
    detail = client.get("/query").json()["detail"]
    assert {error["loc"][0] for error in detail} == {"query"}
    detail = client.post("/body").json()["detail"]
    names = ["point", "extra", "ids", "pair"]
    assert locations(detail) == [["body", name] for name in names]
    detail = client.get("/untyped").json()["detail"]
    assert locations(detail) == [["query", "anything"]]


@pytest.mark.parametrize(
    ("app", "query"), [(list_query.app, "ids=x"), (query_model.app, "tags=x")]
)
def test_a_flood_of_values_is_one_error(app: FastAPI, query: str) -> None:
    answer = TestClient(app).get("/items?" + "&".join([query] * 1000))
    assert [error["type"] for error in answer.json()["detail"]] == ["too_long"]


class Color(Enum):
    RED = "red"


def test_infinity_beyond_a_limit_is_422_in_a_query_and_500_in_json() -> None:
    app = FastAPI()

    @app.post("/query")
    async def in_query(x: Annotated[float, Query(le=5)]) -> None:
        return None

    @app.post("/body")
    async def in_body(x: Annotated[float, Body(le=5)]) -> None:
        return None

    client = TestClient(app, raise_server_exceptions=False)
    assert client.post("/query?x=inf").status_code == 422
    headers = {"Content-Type": "application/json"}
    assert client.post("/body", content="1e999", headers=headers).status_code == 500
    assert client.post("/body", content="NaN", headers=headers).status_code == 500


@pytest.mark.parametrize("bare", [list, tuple, set, frozenset])
def test_a_bare_list_is_read_from_files_and_a_list_with_a_type_from_json(
    bare: Any,
) -> None:
    app = FastAPI()

    @app.post("/bare")
    def read_bare(values: bare) -> int:
        return len(values)

    @app.post("/typed")
    def read_typed(values: bare[str]) -> int:
        return len(values)

    client = TestClient(app)
    refused = client.post("/bare", json=["a"]).json()["detail"]
    assert locations(refused) == [["body", "values"]]
    assert client.post("/bare", files={"values": b"a"}).json() == 1
    assert client.post("/typed", json=["a"]).json() == 1
    kinds = [
        list(app.openapi()["paths"][path]["post"]["requestBody"]["content"])
        for path in ("/bare", "/typed")
    ]
    assert kinds == [["multipart/form-data"], ["application/json"]]
