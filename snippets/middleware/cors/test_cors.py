import datetime
import enum
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Body, FastAPI, Form, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.testclient import TestClient
from pydantic import BaseModel, RootModel
from starlette.testclient import WebSocketDenialResponse

from snippets.middleware.cors import one_frontend, origin_check, wrong_cors_as_guard

FRONTEND = "https://app.example.com"
BLOG = "https://blog.example.com"  # same site, another origin, not allowed
COOKIE = {"Cookie": "session=4f1c"}
FORM = "application/x-www-form-urlencoded"
PREFLIGHT = {"Access-Control-Request-Method": "PUT"}


@pytest.fixture(autouse=True)
def no_transfers() -> None:
    wrong_cors_as_guard.transfers.clear()
    origin_check.transfers.clear()


def client_of(app: FastAPI) -> TestClient:
    return TestClient(app, base_url="https://api.example.com")


@pytest.mark.since(starlette="1.7.0")
def test_the_answer_of_a_get_is_the_same_with_and_without_the_header(
    recorded: Callable[[str, str], None],
) -> None:
    client = TestClient(one_frontend.app, base_url="http://localhost:8000")
    lines = []
    for origin in ("http://localhost:3000", "http://localhost:5173"):
        response = client.get("/items", headers={"Origin": origin})
        assert response.json() == ["tea"]
        lines += [
            "GET /items HTTP/1.1",
            "Host: localhost:8000",
            f"Origin: {origin}",
            "",
        ]
        lines += [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        lines += ["", response.text, ""]
    recorded("get.http", "\n".join(lines))


def test_an_origin_with_a_slash_is_not_the_same() -> None:
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["http://localhost:3000/"])
    headers = (
        client_of(app).get("/", headers={"Origin": "http://localhost:3000"}).headers
    )
    assert "access-control-allow-origin" not in headers


def exchange(client: TestClient, path: str, headers: dict[str, str], body: str) -> str:
    """Return a POST and its response as the text that goes over the wire."""
    response = client.post(path, content=body, headers=headers)
    request = {"Host": client.base_url.host} | headers
    return "\n".join(
        [
            f"POST {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in request.items()),
            f"\n{body}\n",
            f"HTTP/1.1 {response.status_code} {response.reason_phrase}",
            *(f"{name}: {value}" for name, value in response.headers.items()),
            f"\n{response.text}",
        ]
    )


@pytest.mark.since(starlette="1.7.0")
def test_the_endpoint_runs_for_an_origin_that_is_not_allowed(
    recorded: Callable[[str, str], None],
) -> None:
    client = client_of(wrong_cors_as_guard.app)
    headers = {"Origin": BLOG, "Content-Type": FORM} | COOKIE
    text = exchange(client, "/transfers", headers, "to=mallory")
    assert wrong_cors_as_guard.transfers == ["alice pays mallory"]
    assert "200 OK" in text
    assert "access-control-allow-origin" not in text
    recorded("forbidden_origin.http", text)


@pytest.mark.parametrize("origin", [{}, {"Origin": FRONTEND}])
def test_a_client_that_is_no_browser_sends_what_origin_it_likes(
    origin: dict[str, str],
) -> None:
    response = client_of(wrong_cors_as_guard.app).post(
        "/transfers", data={"to": "mallory"}, headers=origin | COOKIE
    )
    assert response.json() == "alice pays mallory"


@pytest.mark.since(starlette="1.7.0")
def test_only_response_headers_tell_an_allowed_origin_from_another() -> None:
    client = client_of(wrong_cors_as_guard.app)
    allowed, other = (
        client.post("/transfers", data={"to": "bob"}, headers={"Origin": o} | COOKIE)
        for o in (FRONTEND, BLOG)
    )
    assert allowed.content == other.content
    assert dict(allowed.headers) == dict(other.headers) | {
        "access-control-allow-origin": FRONTEND
    }


@pytest.mark.parametrize(
    ("allowed", "other"),
    [
        ("http://localhost:3000", "http://localhost:8000"),
        ("http://localhost:3000", "https://localhost:3000"),
        ("http://localhost:3000", "http://127.0.0.1:3000"),
        ("https://app.example.com", "https://example.com"),
    ],
)
def test_scheme_host_and_port_all_belong_to_the_origin(
    allowed: str, other: str
) -> None:
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=[allowed])

    def granted(origin: str) -> str | None:
        headers = client_of(app).get("/", headers={"Origin": origin}).headers
        return headers.get("access-control-allow-origin")

    assert granted(allowed) == allowed
    assert granted(other) is None


def test_the_preflight_of_a_forbidden_origin_is_refused_before_the_application() -> (
    None
):
    response = client_of(wrong_cors_as_guard.app).options(
        "/transfers", headers={"Origin": BLOG} | PREFLIGHT
    )
    assert response.status_code == 400
    assert "access-control-allow-origin" not in response.headers


def test_the_origin_check_refuses_a_foreign_page_before_the_endpoint_runs() -> None:
    response = client_of(origin_check.app).post(
        "/transfers", data={"to": "mallory"}, headers={"Origin": BLOG} | COOKIE
    )
    assert response.status_code == 403
    assert origin_check.transfers == []


@pytest.mark.since(fastapi="0.164.0")
def test_a_large_file_in_place_of_the_text_is_413() -> None:
    to = {"to": ("a.txt", b"a" * 100_000)}
    answer = client_of(origin_check.app).post("/transfers", files=to, headers=COOKIE)
    assert answer.status_code == 413
    assert origin_check.transfers == []


@pytest.mark.parametrize("origin", [{}, {"Origin": FRONTEND}])
def test_the_origin_check_lets_the_frontend_and_other_clients_pass(
    origin: dict[str, str],
) -> None:
    response = client_of(origin_check.app).post(
        "/transfers", data={"to": "bob"}, headers=origin | COOKIE
    )
    assert response.json() == "alice pays bob"


def test_two_transfers_at_once_answer_each_with_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both_are_kept = threading.Barrier(2, timeout=30)

    class Kept(list[str]):
        def append(self, text: str) -> None:
            super().append(text)
            both_are_kept.wait()

    monkeypatch.setattr(origin_check, "transfers", Kept())
    with ThreadPoolExecutor(2) as threads:
        answers = threads.map(origin_check.transfer, ["alice", "bob"], ["carol"] * 2)
        assert list(answers) == ["alice pays carol", "bob pays carol"]


@pytest.mark.parametrize("origin", ["null", "https://api.example.com"])
def test_the_origin_check_lets_pages_of_the_same_origin_pass(origin: str) -> None:
    headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"} | COOKIE
    client = client_of(origin_check.app)
    response = client.post("/transfers", data={"to": "bob"}, headers=headers)
    assert response.json() == "alice pays bob"


@pytest.mark.parametrize("site", [{}, {"Sec-Fetch-Site": "cross-site"}])
def test_the_origin_check_refuses_the_origin_null_of_another_site(
    site: dict[str, str],
) -> None:
    headers = {"Origin": "null"} | site | COOKIE
    client = client_of(origin_check.app)
    response = client.post("/transfers", data={"to": "mallory"}, headers=headers)
    assert response.status_code == 403
    assert origin_check.transfers == []


def test_cors_middleware_lets_websockets_of_every_origin_pass() -> None:
    client = client_of(wrong_cors_as_guard.app)
    headers = {"Origin": BLOG, **COOKIE}
    with client.websocket_connect("/transfers", headers=headers) as websocket:
        assert websocket.receive_json() == []


def test_the_origin_check_refuses_a_websocket_of_a_foreign_page() -> None:
    client = client_of(origin_check.app)
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect("/transfers", headers={"Origin": BLOG, **COOKIE}),
    ):
        pass
    assert refused.value.status_code == 403


def test_a_websocket_of_the_own_origin_passes_only_if_that_origin_is_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = "https://api.example.com"  # as Chromium asks: without Sec-Fetch-Site
    headers = {"Origin": own, **COOKIE}
    client = client_of(origin_check.app)
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect("/transfers", headers=headers),
    ):
        pass
    assert refused.value.status_code == 403
    monkeypatch.setattr(origin_check, "FRONTENDS", [FRONTEND, own])
    with client.websocket_connect("/transfers", headers=headers) as websocket:
        assert websocket.receive_json() == []


def test_the_websocket_is_refused_without_a_session() -> None:
    client = TestClient(origin_check.app)
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect("/transfers", headers={"Origin": FRONTEND}),
    ):
        pass
    assert refused.value.status_code == 401


def test_the_origin_check_lets_a_websocket_of_the_frontend_pass() -> None:
    client = client_of(origin_check.app)
    headers = {"Origin": FRONTEND, **COOKIE}
    with client.websocket_connect("/transfers", headers=headers) as websocket:
        assert websocket.receive_json() == []


class Transfer(BaseModel):
    to: str


def json_app(strict_content_type: bool = True) -> FastAPI:
    app = FastAPI(strict_content_type=strict_content_type)

    @app.post("/transfers")
    def transfer(body: Transfer) -> Transfer:
        return body

    return app


def post_json(app: FastAPI, content_type: str | None) -> int:
    headers = {} if content_type is None else {"Content-Type": content_type}
    client = client_of(app)
    return client.post(
        "/transfers", content=b'{"to": "bob"}', headers=headers
    ).status_code


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("content_type", ["text/plain", FORM])
def test_json_under_a_content_type_of_simple_requests_is_refused(
    content_type: str, strict: bool
) -> None:
    assert post_json(json_app(strict), content_type) == 422
    assert post_json(json_app(strict), "application/json") == 200


def test_json_without_a_content_type_is_refused() -> None:
    assert post_json(json_app(), None) == 422


@pytest.mark.parametrize(
    ("kind", "text", "status"),
    [(int, "3", 200), (list[int], "[3]", 422), (dict[str, int], '{"a": 3}', 422)],
)
def test_a_single_value_is_read_without_a_content_type(
    kind: Any, text: str, status: int
) -> None:
    app = FastAPI()

    @app.post("/")
    def read(value: Annotated[kind, Body()]) -> None: ...

    assert TestClient(app).post("/", content=text).status_code == status


def test_strict_content_type_off_accepts_json_without_a_content_type() -> None:
    assert post_json(json_app(strict_content_type=False), None) == 200


def test_request_json_does_not_look_at_the_content_type() -> None:
    app = FastAPI()

    @app.post("/transfers")
    async def transfer(request: Request) -> Any:
        return await request.json()

    assert post_json(app, "text/plain") == 200


@pytest.mark.parametrize("kind", [str, bytes])
def test_a_str_or_bytes_body_is_read_under_every_content_type(kind: Any) -> None:
    app = FastAPI()

    @app.post("/transfers")
    def transfer(body: Annotated[kind, Body()]) -> None: ...

    assert post_json(app, "text/plain") == 200


class Color(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (int, b"3"),
        (float, b"1.5"),
        (bool, b"true"),
        (datetime.date, b"2026-11-28"),
        (datetime.datetime, b"2026-11-28T12:00:00"),
        (uuid.UUID, b"6f1c1f62-c0a9-4d0f-8a3b-8a1f0f1a2b3c"),
        (Color, b"red"),
        (Any, b"3"),
        (RootModel[int], b"3"),
        (Transfer | str, b"3"),
        (Iterable[int], b"[1]"),
        (Sequence[Any], b"[1]"),
    ],
)
def test_a_single_value_or_an_iterable_as_body_is_read_under_text_plain(
    kind: Any, content: bytes
) -> None:
    app = FastAPI()

    @app.post("/transfers")
    def transfer(body: Annotated[kind, Body()]) -> None: ...

    headers = {"Content-Type": "text/plain"}
    response = client_of(app).post("/transfers", content=content, headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (Transfer, b'{"to": "bob"}'),
        (dict[str, str], b'{"to": "bob"}'),
        (list[int], b"[1]"),
    ],
)
def test_a_json_object_or_array_is_refused_under_text_plain(
    kind: Any, content: bytes
) -> None:
    app = FastAPI()

    @app.post("/transfers")
    def transfer(body: Annotated[kind, Body()]) -> None: ...

    client = client_of(app)
    for content_type, status in (("text/plain", 422), ("application/json", 200)):
        headers = {"Content-Type": content_type}
        response = client.post("/transfers", content=content, headers=headers)
        assert response.status_code == status


def test_several_body_parameters_with_defaults_need_no_content_type() -> None:
    app = FastAPI()

    @app.post("/transfers")
    def transfer(
        to: Annotated[str, Body()] = "alice", amount: Annotated[int, Body()] = 1
    ) -> str:
        return f"{amount} to {to}"

    content = b'{"to": "bob", "amount": 2}'
    for content_type, answer in (
        ("text/plain", "1 to alice"),
        ("application/json", "2 to bob"),
    ):
        headers = {"Content-Type": content_type}
        response = client_of(app).post("/transfers", content=content, headers=headers)
        assert response.json() == answer


def test_a_post_without_a_body_needs_no_content_type() -> None:
    app = FastAPI()
    app.post("/logout")(lambda: "done")
    assert client_of(app).post("/logout").json() == "done"


def test_a_form_endpoint_accepts_what_any_html_form_can_send() -> None:
    app = FastAPI()

    @app.post("/transfers")
    def transfer(to: Annotated[str, Form()]) -> str:
        return to

    client = client_of(app)
    assert client.post("/transfers", data={"to": "bob"}).status_code == 200
    assert client.post("/transfers", files={"to": (None, "bob")}).status_code == 200


def test_a_call_from_the_backend_sends_no_origin_and_needs_no_cors_headers() -> None:
    def third_party(request: httpx2.Request) -> httpx2.Response:
        assert "origin" not in request.headers
        return httpx2.Response(200, json={"rate": 1.1})

    with httpx2.Client(transport=httpx2.MockTransport(third_party)) as client:
        response = client.get("https://rates.example/eur")
    assert "access-control-allow-origin" not in response.headers
    assert response.json() == {"rate": 1.1}


@pytest.mark.since(fastapi="0.138.0")
def test_one_application_serves_frontend_and_api_under_one_origin(
    tmp_path: Path,
) -> None:
    (tmp_path / "index.html").write_text("<script src=app.js></script>")
    app = FastAPI()

    @app.get("/api/items")
    def items() -> list[str]:
        return ["plumbus"]

    app.frontend("/", directory=tmp_path)
    client = client_of(app)
    assert "<script" in client.get("/").text
    assert client.get("/api/items").json() == ["plumbus"]
