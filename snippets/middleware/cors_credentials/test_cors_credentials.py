import inspect
import runpy
import warnings
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.testclient import TestClient

from snippets.middleware.cors_credentials import (
    bearer_tokens,
    listed_origins,
    wrong_any_origin,
)

FRONTEND = "https://app.example.com"
EVIL = "https://evil.example"
API = "https://api.example.net"
COOKIE = {"Cookie": "session=4f1c"}
ORIGIN = "access-control-allow-origin"
CREDENTIALS = "access-control-allow-credentials"


def client_of(app: FastAPI) -> TestClient:
    return TestClient(app, base_url=API)


def app_with(**options: Any) -> FastAPI:
    app = FastAPI()
    app.add_middleware(CORSMiddleware, **options)
    return app


def preflight(app: FastAPI, origin: str, headers: str = "") -> httpx2.Response:
    sent = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    if headers:
        sent["Access-Control-Request-Headers"] = headers
    return client_of(app).options("/me", headers=sent)


def test_a_cookie_is_set_and_sent_between_listed_origins(
    recorded: Callable[[str, str], None],
) -> None:
    client = TestClient(listed_origins.app, base_url="https://api.example.com")
    lines = []
    for method, path in (("POST", "/theme/dark"), ("GET", "/theme")):
        response = client.request(method, path, headers={"Origin": FRONTEND})
        lines += [
            f"{method} {path} HTTP/1.1",
            "Host: api.example.com",
            f"Origin: {FRONTEND}",
        ]
        if cookie := response.request.headers.get("Cookie"):
            lines.append(f"Cookie: {cookie}")
        lines += ["", f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        lines += ["", response.text, ""]
        assert response.headers[ORIGIN] == FRONTEND
        assert response.headers[CREDENTIALS] == "true"
    assert response.json() == {"theme": "dark"}
    recorded("cookie.http", "\n".join(lines))


def test_a_foreign_page_may_read_the_answer_to_the_logged_in_user(
    recorded: Callable[[str, str], None],
) -> None:
    client = client_of(wrong_any_origin.app)
    sent = {"Origin": EVIL} | COOKIE
    response = client.get("/me", headers=sent)
    assert response.json() == {"user": "alice"}
    assert response.headers[ORIGIN] == EVIL
    assert response.headers[CREDENTIALS] == "true"
    lines = [
        "GET /me HTTP/1.1",
        f"Host: {client.base_url.host}",
        *(f"{name}: {value}" for name, value in sent.items()),
        f"\nHTTP/1.1 {response.status_code} {response.reason_phrase}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
        f"\n{response.text}",
    ]
    recorded("any_origin.http", "\n".join(lines))


@pytest.mark.parametrize("origin", [EVIL, "null"])
def test_every_origin_is_echoed_with_or_without_a_cookie(origin: str) -> None:
    for headers in ({}, COOKIE):
        response = client_of(wrong_any_origin.app).get(
            "/me", headers={"Origin": origin} | headers
        )
        assert response.headers[ORIGIN] == origin
        assert response.headers[CREDENTIALS] == "true"
    answer = preflight(wrong_any_origin.app, origin)
    assert answer.status_code == 200
    assert answer.headers[ORIGIN] == origin
    assert answer.headers[CREDENTIALS] == "true"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize("wildcards", [False, True])
def test_a_preflight_of_any_origin_succeeds_for_the_allowed_methods(
    method: str, wildcards: bool
) -> None:
    more: dict[str, Any] = (
        {"allow_methods": ["*"], "allow_headers": ["*"]} if wildcards else {}
    )
    app = app_with(allow_origins=["*"], allow_credentials=True, **more)
    headers = {"Origin": EVIL, "Access-Control-Request-Method": method}
    allowed = wildcards or method == "GET"
    assert client_of(app).options("/", headers=headers).is_success is allowed


def test_the_combination_raises_no_error_and_no_warning() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        app = runpy.run_path(wrong_any_origin.__file__)["app"]
        assert client_of(app).get("/me").status_code == 200
    assert caught == []


def test_a_regex_for_everything_opens_the_same_hole() -> None:
    app = app_with(allow_origin_regex=".*", allow_credentials=True)
    headers = client_of(app).get("/", headers={"Origin": EVIL}).headers
    assert headers[ORIGIN] == EVIL
    assert headers[CREDENTIALS] == "true"


def test_a_listed_origin_is_echoed_and_another_gets_no_such_header() -> None:
    client = client_of(listed_origins.app)
    own, foreign = (
        client.get("/theme", headers={"Origin": origin} | COOKIE)
        for origin in (FRONTEND, EVIL)
    )
    assert own.headers[ORIGIN] == FRONTEND
    assert own.headers[CREDENTIALS] == "true"
    assert foreign.status_code == 200
    assert ORIGIN not in foreign.headers
    assert preflight(listed_origins.app, FRONTEND).headers[CREDENTIALS] == "true"
    assert preflight(listed_origins.app, EVIL).status_code == 400


def test_without_allow_credentials_the_wildcard_is_sent_as_it_is() -> None:
    app = app_with(allow_origins=["*"])
    response = client_of(app).get("/", headers={"Origin": EVIL} | COOKIE)
    assert response.headers[ORIGIN] == "*"
    assert CREDENTIALS not in response.headers


def test_a_path_operation_can_add_the_wildcard_itself() -> None:
    app = app_with(allow_origins=[FRONTEND], allow_credentials=True)

    @app.get("/")
    async def own(response: Response) -> None:
        response.headers["Access-Control-Allow-Origin"] = "*"

    response = client_of(app).get("/", headers={"Origin": EVIL} | COOKIE)
    assert response.headers[ORIGIN] == "*"


def test_a_cookie_reaches_the_endpoint_whatever_allow_credentials_says() -> None:
    app = app_with(allow_origins=[FRONTEND], allow_credentials=False)
    app.get("/me")(wrong_any_origin.me)
    response = client_of(app).get("/me", headers={"Origin": FRONTEND} | COOKIE)
    assert response.json() == {"user": "alice"}
    assert CREDENTIALS not in response.headers


@pytest.mark.parametrize("origins", [[FRONTEND], ["*"]])
def test_a_bearer_token_needs_no_allow_credentials(origins: list[str]) -> None:
    app = app_with(allow_origins=origins, allow_headers=["Authorization"])
    app.get("/me")(bearer_tokens.me)
    for checked in (app, bearer_tokens.app):
        asked = preflight(checked, FRONTEND, headers="authorization")
        assert asked.status_code == 200
        assert "Authorization" in asked.headers["access-control-allow-headers"]
        response = client_of(checked).get(
            "/me", headers={"Origin": FRONTEND, "Authorization": "Bearer 9d2e"}
        )
        assert response.json() == {"user": "alice"}
        assert response.headers[ORIGIN] in (FRONTEND, "*")


def test_wildcards_for_methods_and_headers_are_answered_with_names() -> None:
    app = app_with(
        allow_origins=[FRONTEND],
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
    )
    headers = preflight(app, FRONTEND, headers="x-csrf-token").headers
    assert headers["access-control-allow-headers"] == "x-csrf-token"
    assert "*" not in headers["access-control-allow-methods"]


def test_a_wildcard_in_expose_headers_is_sent_as_it_is() -> None:
    app = app_with(
        allow_origins=[FRONTEND], allow_credentials=True, expose_headers=["*"]
    )
    headers = client_of(app).get("/", headers={"Origin": FRONTEND}).headers
    assert headers["access-control-expose-headers"] == "*"


def test_set_cookie_defaults_to_samesite_lax_and_not_secure() -> None:
    parameters = inspect.signature(Response.set_cookie).parameters
    assert parameters["samesite"].default == "lax"
    assert parameters["secure"].default is False
    response = Response()
    response.set_cookie("session", "4f1c")
    assert response.headers["set-cookie"] == "session=4f1c; Path=/; SameSite=lax"


def test_samesite_none_and_secure_stand_in_the_cookie() -> None:
    response = Response()
    response.set_cookie("theme", "dark", secure=True, samesite="none")
    cookie = response.headers["set-cookie"]
    assert cookie == "theme=dark; Path=/; SameSite=none; Secure"
