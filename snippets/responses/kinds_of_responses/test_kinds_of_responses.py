import asyncio
import contextlib
import dataclasses
import datetime
import uuid
from collections.abc import AsyncIterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Cookie, Depends, FastAPI, HTTPException, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import FastAPIDeprecationWarning, ResponseValidationError
from fastapi.responses import (  # type: ignore[deprecated]
    EventSourceResponse,
    HTMLResponse,
    JSONResponse,
    ORJSONResponse,
    PlainTextResponse,
    RedirectResponse,
    StreamingResponse,
)
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict

from snippets.responses.kinds_of_responses import (
    cookie_on_returned_response,
    declared_status,
    files,
    kinds,
    streams,
    wrong_file,
    wrong_tuple,
    wrong_two_responses,
)


def client(endpoint: Any, **options: Any) -> TestClient:
    app = FastAPI()
    app.get("/", **options)(endpoint)
    return TestClient(app, follow_redirects=False)


ORDER = {"number": 7, "due": "2026-12-01"}


def test_values_are_json_and_a_response_is_sent_as_it_is(recorded: Any) -> None:
    visitor = TestClient(kinds.app, follow_redirects=False)
    texts = []
    for method, path in [
        ("GET", "/orders"),
        ("POST", "/orders"),
        ("DELETE", "/orders/7"),
        ("GET", "/page"),
        ("POST", "/form"),
    ]:
        answer = visitor.request(method, path, json=ORDER if method == "POST" else None)
        shown = ("content-type", "location", "set-cookie")
        head = [f"{n}: {answer.headers[n]}" for n in shown if n in answer.headers]
        lines = [f"{method} {path}", f"{answer.status_code} {answer.reason_phrase}"]
        if answer.text:
            head.append(answer.text)
        texts.append("\n".join([*lines, *head]))
    recorded("answers.txt", "\n\n".join(texts))


def test_a_secure_cookie_comes_back_from_the_test_client_over_https_only() -> None:
    app = FastAPI()

    @app.get("/set")
    def give(response: Response) -> None:
        response.set_cookie("last", "7", secure=True)

    @app.get("/get")
    def read(last: Annotated[str | None, Cookie()] = None) -> str | None:
        return last

    for base_url, expected in [
        ("http://testserver", None),
        ("https://testserver", "7"),
    ]:
        visitor = TestClient(app, base_url=base_url)
        visitor.get("/set")
        assert visitor.get("/get").json() == expected


def test_a_content_type_on_the_injected_response_is_there_twice() -> None:
    def endpoint(response: Response) -> dict[str, int]:
        response.headers["Content-Type"] = "text/csv"
        return {"a": 1}

    answer = client(endpoint).get("/")
    kinds_sent = answer.headers.get_list("content-type")
    assert kinds_sent == ["application/json", "text/csv"]


def test_a_string_has_quotation_marks_and_none_is_null_with_status_200() -> None:
    def text() -> str:
        return "hello"

    def none() -> None:
        return None

    assert client(text).get("/").text == '"hello"'
    answer = client(none).get("/")
    assert (answer.status_code, answer.text) == (200, "null")


def test_response_classes_and_their_content_types() -> None:
    made = {
        JSONResponse({"a": 1}): ("application/json", '{"a":1}'),
        PlainTextResponse("hi"): ("text/plain; charset=utf-8", "hi"),
        HTMLResponse("<p>"): ("text/html; charset=utf-8", "<p>"),
        Response("<a/>", media_type="application/xml"): ("application/xml", "<a/>"),
    }
    for response, expected in made.items():
        app = FastAPI()
        app.add_api_route("/", lambda sent=response: sent, response_model=None)
        answer = TestClient(app).get("/")
        assert (answer.headers["content-type"], answer.text) == expected


def test_a_cookie_has_samesite_lax_and_neither_httponly_nor_secure_by_default() -> None:
    def endpoint(response: Response) -> None:
        response.set_cookie("a", "1")

    cookie = client(endpoint).get("/").headers["set-cookie"]
    assert cookie == "a=1; Path=/; SameSite=lax"


def test_yield_streams_json_lines_and_events(recorded: Any) -> None:
    texts = []
    for path in ("/lines", "/events", "/csv"):
        answer = TestClient(streams.app).get(path)
        kind = answer.headers.get("content-type", "(no content type)").split(";")[0]
        texts.append(f"# {path}: {kind}\n{answer.text.rstrip()}")
    recorded("streams.txt", "\n\n".join(texts))


def test_a_dataclass_becomes_json_without_a_return_type() -> None:
    @dataclasses.dataclass
    class Point:
        x: int

    def endpoint():  # type: ignore[no-untyped-def]
        return Point(1)

    assert client(endpoint).get("/").json() == {"x": 1}


def test_bytes_are_sent_with_the_media_type_that_is_named() -> None:
    def endpoint() -> Response:
        return Response(b"\x89PNG", media_type="image/png")

    answer = client(endpoint).get("/")
    assert (answer.content, answer.headers["content-type"]) == (b"\x89PNG", "image/png")


def test_a_returned_error_is_a_success_for_a_yield_dependency() -> None:
    ends: list[str] = []

    def session() -> Iterator[None]:
        try:
            yield
        except HTTPException:
            ends.append("rollback")
            raise
        ends.append("commit")

    def returned() -> JSONResponse:
        return JSONResponse({}, status_code=409)

    def raised() -> None:
        raise HTTPException(409)

    for endpoint in (returned, raised):
        tester = client(endpoint, dependencies=[Depends(session)])
        assert tester.get("/").status_code == 409
    assert ends == ["commit", "rollback"]


def test_a_redirect_is_307_and_carries_the_location() -> None:
    def endpoint() -> RedirectResponse:
        return RedirectResponse("/text")

    answer = client(endpoint).get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/text")


def test_after_a_form_post_303_is_to_be_asked_for() -> None:
    def endpoint() -> str:
        return "/orders"

    options = {"response_class": RedirectResponse, "status_code": 303}
    assert client(endpoint, **options).get("/").status_code == 303


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one invoice."""
    (tmp_path / "7.pdf").write_text("from")
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    monkeypatch.setattr(wrong_file, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_a_file_is_sent_with_length_name_etag_and_ranges() -> None:
    tester = TestClient(files.app)
    answer = tester.get("/invoices/7", headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.text) == (206, "fr")
    assert answer.headers["content-disposition"] == 'attachment; filename="7.pdf"'
    assert answer.headers["content-type"] == "application/pdf"
    assert "etag" in answer.headers
    assert tester.get("/invoices/7").headers["content-length"] == "4"


@pytest.mark.usefixtures("folder")
def test_a_missing_file_is_500_unless_the_function_looks() -> None:
    visitor = TestClient(wrong_file.app, raise_server_exceptions=False)
    assert visitor.get("/invoices/8").status_code == 500
    with pytest.raises(RuntimeError, match="does not exist"):
        TestClient(wrong_file.app).get("/invoices/8")
    for number in ("8", "9" * 300):  # the second is too long for a file name
        assert TestClient(files.app).get(f"/invoices/{number}").status_code == 404


def test_headers_and_cookies_of_the_injected_response_are_merged() -> None:
    answer = TestClient(kinds.app).post("/orders", json=ORDER)
    assert answer.status_code == 201
    assert answer.headers["location"] == "/orders/7"
    expected = "last=7; HttpOnly; Path=/; SameSite=lax; Secure"
    assert answer.headers["set-cookie"] == expected


def test_the_status_of_the_injected_response_wins_over_the_decorator() -> None:
    def endpoint(response: Response) -> None:
        response.status_code = 202

    assert client(endpoint, status_code=201).get("/").status_code == 202


def test_headers_of_an_http_exception_are_sent() -> None:
    def endpoint() -> None:
        raise HTTPException(429, headers={"Retry-After": "5"})

    assert client(endpoint).get("/").headers["retry-after"] == "5"


def test_json_response_takes_no_date_or_uuid_without_jsonable_encoder() -> None:
    for value in (datetime.date(2026, 12, 1), uuid.UUID(int=7)):
        with pytest.raises(TypeError, match="is not JSON serializable"):
            JSONResponse({"value": value})
        answer = JSONResponse(jsonable_encoder({"value": value}))
        assert answer.body == f'{{"value":"{value}"}}'.encode()


def test_the_injected_response_is_ignored_beside_a_returned_one() -> None:
    answer = TestClient(wrong_two_responses.app).put("/cart")
    assert answer.status_code == 201
    assert "set-cookie" not in answer.headers


def test_a_cookie_on_the_returned_response_is_sent() -> None:
    answer = TestClient(cookie_on_returned_response.app).put("/cart")
    assert answer.headers["set-cookie"].startswith("cart=c-19")


def test_a_response_that_is_made_and_not_returned_has_no_effect() -> None:
    def endpoint() -> dict[str, int]:
        Response().set_cookie("cart", "c-19")
        return {"items": 1}

    assert "set-cookie" not in client(endpoint).get("/").headers


def test_the_injected_response_is_ignored_when_an_exception_is_raised() -> None:
    def endpoint(response: Response) -> None:
        response.headers["X-Step"] = "1"
        raise HTTPException(400)

    assert "x-step" not in client(endpoint).get("/").headers


def test_a_dependency_shares_the_injected_response() -> None:
    def dependency(response: Response) -> Response:
        return response

    def endpoint(
        response: Response, other: Annotated[Any, Depends(dependency)]
    ) -> bool:
        return response is other

    assert client(endpoint).get("/").json() is True


def test_a_tuple_is_a_list_in_the_body_and_no_status() -> None:
    answer = TestClient(wrong_tuple.app).post("/orders")
    assert (answer.status_code, answer.json()) == (200, [{"number": 7}, 201])

    def typed() -> dict[str, Any]:
        return {"number": 7}, 201  # type: ignore[return-value]

    with pytest.raises(ResponseValidationError):
        client(typed).get("/")


def test_status_code_in_the_decorator_is_sent() -> None:
    answer = TestClient(declared_status.app).post("/orders")
    assert (answer.status_code, answer.json()) == (201, {"number": 7})


def test_status_code_in_the_decorator_does_not_change_a_returned_response() -> None:
    def endpoint() -> JSONResponse:
        return JSONResponse({})

    assert client(endpoint, status_code=201).get("/").status_code == 200


def test_responses_in_the_decorator_only_documents() -> None:
    def endpoint() -> dict[str, int]:
        return {"a": 1}

    tester = client(endpoint, responses={404: {"description": "No such order"}})
    assert tester.get("/").status_code == 200
    schema = tester.get("/openapi.json").json()
    assert "404" in schema["paths"]["/"]["get"]["responses"]


def test_a_returned_response_is_neither_checked_nor_filtered() -> None:
    def endpoint() -> Any:
        return JSONResponse({"anything": True})

    options = {"response_model": streams.Order}
    assert client(endpoint, **options).get("/").json() == {"anything": True}


def test_json_response_takes_no_model() -> None:
    def endpoint() -> JSONResponse:
        return JSONResponse(streams.Order(number=7))

    with pytest.raises(TypeError, match="Order is not JSON serializable"):
        client(endpoint).get("/")


def test_a_dict_in_a_text_response_or_stream_fails() -> None:
    def text() -> Any:
        return {"a": 1}

    def stream() -> StreamingResponse:
        return StreamingResponse(iter([{"a": 1}]))  # type: ignore[arg-type]

    with pytest.raises(AttributeError, match="'dict' object has no attribute 'encode'"):
        client(text, response_class=PlainTextResponse).get("/")
    with pytest.raises(AttributeError, match="'dict' object has no attribute 'encode'"):
        client(stream).get("/")
    with pytest.raises(AttributeError, match="'dict' object has no attribute 'encode'"):
        Response({"a": 1})


def test_nan_is_null_with_a_return_type_and_an_error_without() -> None:
    def typed() -> dict[str, float]:
        return {"mean": float("nan")}

    def untyped():  # type: ignore[no-untyped-def]
        return {"mean": float("nan")}

    assert client(typed).get("/").json() == {"mean": None}
    with pytest.raises(ValueError, match="Out of range float values"):
        client(untyped).get("/")


def test_nan_is_an_error_with_a_return_type_and_a_named_response_class() -> None:
    app = FastAPI()

    @app.get("/", response_class=JSONResponse)
    def typed() -> float:
        return float("nan")

    with pytest.raises(ValueError, match="Out of range float values"):
        TestClient(app).get("/")


def test_a_model_can_change_what_pydantic_sends_for_nan() -> None:
    class Mean(BaseModel):
        model_config = ConfigDict(ser_json_inf_nan="strings")

        mean: float

    def endpoint() -> Mean:
        return Mean(mean=float("nan"))

    assert client(endpoint).get("/").json() == {"mean": "NaN"}


def test_a_value_with_205_is_announced_with_a_length_and_not_sent() -> None:
    def endpoint() -> None: ...

    response = client(endpoint, status_code=205).get("/")
    assert response.headers["content-length"] == "4"
    assert response.content == b""
    assert "content-length" not in client(endpoint, status_code=204).get("/").headers


def test_a_named_response_class_renders_instead_of_pydantic() -> None:
    def endpoint() -> dict[str, float]:
        return {"mean": float("nan")}

    with pytest.raises(ValueError, match="Out of range float values"):
        client(endpoint, response_class=JSONResponse).get("/")


def test_default_response_class_holds_for_all_path_operations() -> None:
    app = FastAPI(default_response_class=PlainTextResponse)

    @app.get("/")
    def endpoint() -> str:
        return "hello"

    assert TestClient(app).get("/").text == "hello"


def test_with_a_default_response_class_a_function_with_yield_is_no_json_lines() -> None:
    async def items() -> AsyncIterable[int]:
        yield 1

    plain, named = FastAPI(), FastAPI(default_response_class=JSONResponse)
    for app in (plain, named):
        app.get("/")(items)
    assert TestClient(plain).get("/").text == "1\n"
    visitor = TestClient(named, raise_server_exceptions=False)
    assert visitor.get("/").status_code == 500


def test_orjson_response_warns() -> None:
    with (
        pytest.warns(FastAPIDeprecationWarning, match="ORJSONResponse is deprecated"),
        contextlib.suppress(AssertionError),  # orjson may be missing
    ):
        ORJSONResponse({})


async def call(app: FastAPI, sent: list[Any]) -> None:
    """Call the application as a server does, and note what it sends."""

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b""}
    await app({**scope, "headers": []}, receive, send)


def test_each_json_line_is_sent_before_the_next_is_made() -> None:
    app = FastAPI()
    sent: list[Any] = []

    @app.get("/")
    async def lines() -> AsyncIterable[int]:
        yield 1
        sent.append("makes the second")
        yield 2

    asyncio.run(call(app, sent))
    bodies = [one if isinstance(one, str) else one.get("body") for one in sent]
    assert bodies == [None, b"1\n", "makes the second", b"2\n", b""]


def test_server_sent_events_are_made_some_items_ahead_of_what_is_sent() -> None:
    app = FastAPI()
    sent: list[Any] = []

    @app.get("/", response_class=EventSourceResponse)
    async def events() -> AsyncIterable[int]:
        for number in range(99):
            sent.append(number)
            yield number

    asyncio.run(call(app, sent))
    first = next(i for i, one in enumerate(sent) if isinstance(one, dict))
    assert sent[0] == 0
    assert 0 < first < 10
    bodies = [one.get("body") for one in sent if isinstance(one, dict)]
    assert sent.index(98) > sent.index(
        next(one for one in sent if isinstance(one, dict) and one.get("body"))
    )
    assert bodies[-1] == b""


@pytest.mark.parametrize("behind_a_function", [False, True])
def test_an_exception_in_the_function_breaks_off_the_200_or_makes_it_look_whole(
    behind_a_function: bool,
) -> None:
    app = FastAPI()
    sent: list[Any] = []
    if behind_a_function:

        @app.middleware("http")
        async def pass_on(request: Request, call_next: Any) -> Any:
            return await call_next(request)

    @app.get("/")
    async def lines() -> AsyncIterable[str]:
        raise HTTPException(404)
        yield ""  # type: ignore[unreachable]

    with pytest.raises(RuntimeError, match="response already started"):
        asyncio.run(call(app, sent))
    assert sent[0]["status"] == 200
    if behind_a_function:
        assert [one["body"] for one in sent[1:]] == [b""]
        assert not sent[1]["more_body"]
    else:
        assert [one["type"] for one in sent] == ["http.response.start"]


@pytest.mark.parametrize(
    "response_class", [JSONResponse, StreamingResponse, EventSourceResponse]
)
def test_an_exception_before_the_first_item_comes_after_the_status(
    response_class: type[Response],
) -> None:
    app = FastAPI()
    options: dict[str, Any] = {}
    if response_class is not JSONResponse:  # JSON Lines need no class
        options["response_class"] = response_class

    def found(found: bool) -> None:
        if not found:
            raise HTTPException(404)

    @app.get("/in-the-function", **options)
    async def late() -> AsyncIterable[str]:
        raise HTTPException(404)
        yield ""  # type: ignore[unreachable]

    @app.get("/in-a-dependency", dependencies=[Depends(found)], **options)
    async def early() -> AsyncIterable[str]:
        yield "item"

    visitor = TestClient(app, raise_server_exceptions=False)
    response = visitor.get("/in-the-function")
    assert (response.status_code, response.text) == (200, "")
    assert visitor.get("/in-a-dependency?found=false").status_code == 404
    assert visitor.get("/in-a-dependency?found=true").status_code == 200


@pytest.mark.since(fastapi="0.140.13")
def test_the_injected_response_is_too_late_in_a_stream_and_not_in_its_dependency() -> (
    None
):
    def dependency(response: Response) -> None:
        response.headers["X-Dependency"] = "yes"
        response.status_code = 203

    async def lines(response: Response) -> AsyncIterable[int]:
        response.headers["X-Function"] = "yes"
        yield 1

    response = client(lines, dependencies=[Depends(dependency)]).get("/")
    assert response.status_code == 203
    assert response.headers["x-dependency"] == "yes"
    assert "x-function" not in response.headers


@pytest.mark.parametrize("behind_a_function", [False, True])
def test_a_wrong_item_ends_a_stream_that_has_begun_with_200(
    behind_a_function: bool,
) -> None:
    app = FastAPI()
    sent: list[Any] = []
    if behind_a_function:

        @app.middleware("http")
        async def pass_on(request: Request, call_next: Any) -> Any:
            return await call_next(request)

    @app.get("/")
    async def lines() -> AsyncIterable[streams.Order]:
        yield streams.Order(number=7)
        yield {"no": "number"}  # type: ignore[misc]

    with pytest.raises(ResponseValidationError):
        asyncio.run(call(app, sent))
    assert sent[0]["status"] == 200
    assert sent[1]["body"] == b'{"number":7}\n'
    ends = [one["more_body"] for one in sent[1:]]
    assert ends == ([True, False] if behind_a_function else [True])
