import inspect
import runpy
from collections.abc import Callable
from typing import Annotated, Any

import httpx2
import pytest
import starlette.middleware.cors
from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import PlainTextResponse, Response
from fastapi.testclient import TestClient
from pydantic import AnyHttpUrl, BeforeValidator
from pydantic_settings import BaseSettings, NoDecode, SettingsError

from snippets.middleware.cors_configuration import (
    cors_for_one_frontend,
    exact_origins,
    origin_regex,
    origins_from_settings,
    wrong_origin_regex,
    wrong_origins,
    wrong_origins_as_text,
)

FRONTEND = "https://app.example.com"
LOCAL = "http://localhost:3000"
API = "http://localhost:8000"
ALLOWED_ORIGIN = "access-control-allow-origin"


def exchange(client: TestClient, method: str, path: str, **headers: str) -> str:
    """Return a request and its response as the text that goes over the wire."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    response = client.request(method, path, headers=sent)
    return "\n".join(
        [
            f"{method} {path} HTTP/1.1",
            f"Host: {client.base_url.netloc.decode()}",
            *(f"{name}: {value}" for name, value in sent.items()),
            f"\nHTTP/1.1 {response.status_code} {response.reason_phrase}",
            *(f"{name}: {value}" for name, value in response.headers.items()),
            f"\n{response.text}",
        ]
    )


def app_with(**options: Any) -> FastAPI:
    app = FastAPI()
    app.add_middleware(CORSMiddleware, **options)
    return app


def granted(app: FastAPI, origin: str) -> bool:
    """Tell whether a response of ``app`` may be read by ``origin``."""
    response = TestClient(app).get("/", headers={"Origin": origin})
    return response.headers.get(ALLOWED_ORIGIN) in (origin, "*")


def preflight(app: FastAPI, path: str = "/", **headers: str) -> httpx2.Response:
    sent = {"Origin": FRONTEND, "Access-Control-Request-Method": "GET"} | {
        f"Access-Control-Request-{name.replace('_', '-')}": value
        for name, value in headers.items()
    }
    return TestClient(app).options(path, headers=sent)


@pytest.mark.since(starlette="1.7.0")
def test_the_preflight_is_answered_by_the_middleware(
    recorded: Callable[[str, str], None],
) -> None:
    text = exchange(
        TestClient(cors_for_one_frontend.app, base_url=API),
        "OPTIONS",
        "/items/3?name=plumbus",
        Origin=LOCAL,
        Access_Control_Request_Method="PUT",
        Access_Control_Request_Headers="authorization",
    )
    assert "200 OK" in text
    recorded("preflight.http", text)


def test_the_request_after_the_preflight_is_answered_by_the_endpoint(
    recorded: Callable[[str, str], None],
) -> None:
    text = exchange(
        TestClient(cors_for_one_frontend.app, base_url=API),
        "PUT",
        "/items/3?name=plumbus",
        Origin=LOCAL,
        Authorization="Bearer 9d2e",
    )
    assert "200 OK" in text
    recorded("request.http", text)


@pytest.mark.since(starlette="1.7.0")
def test_a_bad_preflight_is_answered_400_and_names_what_is_not_allowed(
    recorded: Callable[[str, str], None],
) -> None:
    text = exchange(
        TestClient(cors_for_one_frontend.app, base_url=API),
        "OPTIONS",
        "/items/3",
        Origin="http://127.0.0.1:3000",
        Access_Control_Request_Method="DELETE",
        Access_Control_Request_Headers="x-request-id",
    )
    assert "400 Bad Request" in text
    recorded("refused_preflight.http", text)


def test_a_layer_outside_can_refuse_a_preflight_with_400_too() -> None:
    app = app_with(allow_origins=[FRONTEND])
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["api.example.com"])
    response = preflight(app)
    assert (response.status_code, response.text) == (400, "Invalid host header")


def test_the_500_of_an_unhandled_exception_does_not_vary_by_origin() -> None:
    app = app_with(allow_origins=[FRONTEND])

    @app.get("/")
    def root() -> None:
        raise ValueError

    client = TestClient(app, raise_server_exceptions=False)
    response = client.get("/", headers={"Origin": FRONTEND})
    assert response.status_code == 500
    assert "vary" not in response.headers


def test_without_the_middleware_there_are_no_cors_headers_and_options_is_405() -> None:
    app = FastAPI()
    app.put("/items/{item_id}")(cors_for_one_frontend.replace_item)
    response = preflight(app, "/items/3", Method="PUT")
    assert response.status_code == 405
    client = TestClient(app, headers={"Origin": FRONTEND})
    answers = [response, client.put("/items/3?name=tea"), client.get("/no-such-path")]
    for answer in answers:
        assert not [
            name for name in answer.headers if name.startswith("access-control")
        ]


def test_a_layer_outside_can_answer_a_preflight_with_405() -> None:
    app = app_with(allow_origins=[FRONTEND], allow_methods=["PUT"])

    @app.middleware("http")
    async def few_methods(request: Request, call_next: Any) -> Response:
        return Response(status_code=405)

    assert preflight(app, "/items/3", Method="PUT").status_code == 405


def test_two_instances_and_a_header_of_the_endpoint_make_one_value() -> None:
    part = app_with(allow_origins=[FRONTEND])

    @part.get("/")
    def root(response: Response) -> None:
        response.headers[ALLOWED_ORIGIN] = "*"

    app = app_with(allow_origins=[FRONTEND])
    app.add_middleware(CORSMiddleware, allow_origins=[FRONTEND])
    app.mount("/part", part)
    response = TestClient(app).get("/part/", headers={"Origin": FRONTEND})
    assert response.headers.get_list(ALLOWED_ORIGIN) == [FRONTEND]


def test_a_header_of_the_endpoint_reaches_origins_that_are_not_allowed() -> None:
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])

    @app.get("/")
    def root(response: Response) -> None:
        response.headers["Access-Control-Allow-Origin"] = "https://own.example"

    allowed = [
        TestClient(app)
        .get("/", headers={"Origin": origin})
        .headers["Access-Control-Allow-Origin"]
        for origin in ("https://app.example.com", "https://other.example")
    ]
    assert allowed == ["https://app.example.com", "https://own.example"]


def test_the_middleware_of_the_application_covers_what_it_mounts() -> None:
    app = app_with(allow_origins=[FRONTEND])
    part = FastAPI()
    part.get("/")(lambda: "part")
    app.mount("/part", part)
    response = TestClient(app).get("/part/", headers={"Origin": FRONTEND})
    assert response.json() == "part"
    assert response.headers[ALLOWED_ORIGIN] == FRONTEND
    assert preflight(app, "/part/").status_code == 200


def test_the_defaults_are_those_of_the_table() -> None:
    parameters = inspect.signature(CORSMiddleware).parameters
    assert {name: p.default for name, p in parameters.items() if name != "app"} == {
        "allow_origins": (),
        "allow_methods": ("GET",),
        "allow_headers": (),
        "allow_credentials": False,
        "allow_origin_regex": None,
        "allow_private_network": False,
        "expose_headers": (),
        "max_age": 600,
    }


def test_fastapi_re_exports_the_class_of_starlette() -> None:
    assert CORSMiddleware is starlette.middleware.cors.CORSMiddleware


def test_only_the_exact_origin_is_allowed() -> None:
    for origin in [FRONTEND, "https://pr-7.preview.example.com"]:
        assert not granted(wrong_origins.app, origin)
        assert granted(exact_origins.app, origin)
    for origin in [
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://App.example.com",
        "https://pr-7.preview.example.com.evil.example",
        "https://pr-x.preview.example.com",
    ]:
        assert not granted(exact_origins.app, origin)


def test_the_regex_must_match_the_whole_origin() -> None:
    for app in (wrong_origin_regex.app, origin_regex.app):
        assert granted(app, FRONTEND)
        assert not granted(app, "https://app.example.com.evil.example")
        assert not granted(app, "http://app.example.com")


@pytest.mark.parametrize(
    "origin", ["https://evil-example.com", "https://evilexample.com"]
)
def test_a_careless_regex_allows_other_hosts(origin: str) -> None:
    assert granted(wrong_origin_regex.app, origin)
    assert not granted(origin_regex.app, origin)


def app_of(module: Any, monkeypatch: pytest.MonkeyPatch, variable: str | None) -> Any:
    """Run the module's file again with the environment variable set."""
    monkeypatch.delenv("ALLOW_ORIGINS", raising=False)
    if variable is not None:
        monkeypatch.setenv("ALLOW_ORIGINS", variable)
    return runpy.run_path(module.__file__)["app"]


@pytest.mark.parametrize("foreign", ["https://app.example.co", "http://localhost:30"])
def test_one_string_of_origins_allows_every_part_of_it(
    monkeypatch: pytest.MonkeyPatch, foreign: str
) -> None:
    text = "https://app.example.com,http://localhost:3000"
    app = app_of(wrong_origins_as_text, monkeypatch, text)
    assert granted(app, FRONTEND)
    assert granted(app, foreign)


def test_a_star_anywhere_in_the_one_string_allows_all_origins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "https://*.example.com"
    app = app_of(wrong_origins_as_text, monkeypatch, text)
    response = TestClient(app).get("/", headers={"Origin": "https://evil.example"})
    assert response.headers[ALLOWED_ORIGIN] == "*"


def test_settings_read_a_json_list_of_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_of(origins_from_settings, monkeypatch, f'["{FRONTEND}"]')
    assert granted(app, FRONTEND)
    assert not granted(app, "https://app.example.co")


def test_settings_refuse_a_plain_list_with_commas(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SettingsError, match="allow_origins"):
        app_of(origins_from_settings, monkeypatch, f"{FRONTEND},{LOCAL}")


def test_settings_refuse_an_empty_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOW_ORIGINS", "")
    with pytest.raises(SettingsError):
        origins_from_settings.Settings()


def test_a_validator_takes_a_plain_list_with_commas(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Settings(BaseSettings):
        allow_origins: Annotated[
            list[str], NoDecode, BeforeValidator(lambda v: v.split(","))
        ]

    monkeypatch.setenv("ALLOW_ORIGINS", f"{FRONTEND},{LOCAL}")
    assert Settings().allow_origins == [FRONTEND, LOCAL]


def test_a_forgotten_variable_allows_no_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_of(origins_from_settings, monkeypatch, None)
    assert not granted(app, FRONTEND)


def test_a_pydantic_url_never_equals_an_origin() -> None:
    url = AnyHttpUrl(FRONTEND)
    assert str(url) == f"{FRONTEND}/"
    for value in (url, str(url)):
        assert not granted(app_with(allow_origins=[value]), FRONTEND)


def test_the_wildcard_for_methods_stands_for_eight_methods(
    older: Callable[[str, str], bool],
) -> None:
    app = app_with(allow_origins=[FRONTEND], allow_methods=["*"])
    allowed = preflight(app).headers["access-control-allow-methods"]
    seven = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    query = "" if older("starlette", "1.7.0") else ", QUERY"
    assert allowed == seven + query
    assert preflight(app, Method="TRACE").text == "Disallowed CORS method"


def test_methods_are_compared_in_upper_case() -> None:
    app = app_with(allow_origins=[FRONTEND], allow_methods=["put"])
    assert preflight(app, Method="PUT").status_code == 400


def test_methods_are_checked_in_the_preflight_only() -> None:
    app = app_with(allow_origins=[FRONTEND])  # allow_methods: GET only

    @app.post("/")
    def create(name: str) -> str:
        return name

    assert preflight(app, Method="POST").status_code == 400
    headers = {"Origin": FRONTEND, "Content-Type": "text/plain"}
    response = TestClient(app).post("/?name=plumbus", headers=headers)
    assert response.json() == "plumbus"
    assert response.headers[ALLOWED_ORIGIN] == FRONTEND


def test_four_request_headers_are_always_allowed() -> None:
    app = app_with(allow_origins=[FRONTEND], allow_headers=["X-Request-ID"])
    four = "accept,accept-language,content-language,content-type"
    assert preflight(app, Headers=f"{four},x-request-id").status_code == 200
    assert preflight(app, Headers="authorization").status_code == 400


def test_the_wildcard_for_headers_mirrors_what_the_preflight_asks_for() -> None:
    app = app_with(allow_origins=[FRONTEND], allow_headers=["*"])
    response = preflight(app, Headers="authorization,x-anything")
    allowed = response.headers["access-control-allow-headers"]
    assert allowed == "authorization,x-anything"
    assert "access-control-allow-headers" not in preflight(app).headers


def test_a_private_network_request_needs_allow_private_network() -> None:
    app = app_with(allow_origins=[FRONTEND])
    refused = preflight(app, Private_Network="true")
    assert (refused.status_code, refused.text) == (
        400,
        "Disallowed CORS private-network",
    )
    app = app_with(allow_origins=[FRONTEND], allow_private_network=True)
    allowed = preflight(app, Private_Network="true")
    assert allowed.headers["access-control-allow-private-network"] == "true"


def test_max_age_goes_into_the_preflight_response() -> None:
    app = app_with(allow_origins=[FRONTEND], max_age=7200)
    assert preflight(app).headers["access-control-max-age"] == "7200"


def test_exposed_headers_go_into_the_response_and_not_into_the_preflight() -> None:
    app = app_with(allow_origins=[FRONTEND], expose_headers=["X-Total-Count", "ETag"])
    exposed = "access-control-expose-headers"
    assert exposed not in preflight(app).headers
    response = TestClient(app).get("/", headers={"Origin": FRONTEND})
    assert response.headers[exposed] == "X-Total-Count, ETag"


def test_options_without_the_two_headers_is_no_preflight() -> None:
    client = TestClient(cors_for_one_frontend.app)
    assert client.options("/items/3").status_code == 405
    assert client.options("/items/3", headers={"Origin": FRONTEND}).status_code == 405


def test_a_preflight_reaches_no_route() -> None:
    app = app_with(allow_origins=[FRONTEND])

    @app.options("/items")
    def items() -> str:
        raise AssertionError

    assert preflight(app, "/items").status_code == 200
    assert preflight(app, "/no-such-path").status_code == 200


def test_the_middleware_added_last_is_outermost() -> None:
    calls = []
    app = FastAPI()

    @app.middleware("http")
    async def refuse(request: Request, call_next: Any) -> Response:
        calls.append(request.method)
        return PlainTextResponse("Too many", 429)

    app.add_middleware(CORSMiddleware, allow_origins=[FRONTEND])
    assert preflight(app).status_code == 200
    assert calls == []
    response = TestClient(app).get("/", headers={"Origin": FRONTEND})
    assert response.status_code == 429
    assert response.headers[ALLOWED_ORIGIN] == FRONTEND


def test_no_middleware_can_be_added_after_the_first_request() -> None:
    app = FastAPI()
    TestClient(app).get("/")
    with pytest.raises(RuntimeError, match="Cannot add middleware"):
        app.add_middleware(CORSMiddleware, allow_origins=[FRONTEND])


def test_a_mounted_application_can_have_rules_of_its_own() -> None:
    app = FastAPI()
    app.mount("/public", app_with(allow_origins=["*"]))
    assert preflight(app, "/public/").headers[ALLOWED_ORIGIN] == "*"
    assert ALLOWED_ORIGIN not in preflight(app, "/private").headers


def test_a_parent_with_cors_answers_the_preflights_of_what_it_mounts() -> None:
    app = app_with(allow_origins=["https://other.example"])
    app.mount("/public", app_with(allow_origins=["*"]))
    assert preflight(app, "/public/").status_code == 400


def test_the_indented_example_of_the_middleware_works() -> None:
    with pytest.raises(IndentationError):
        compile("async def hello():\nreturn 'hello'", "main.py", "exec")
    compile("async def hello():\n    return 'hello'", "main.py", "exec")


def test_every_response_varies_by_origin(older: Callable[[str, str], bool]) -> None:
    client = TestClient(cors_for_one_frontend.app)
    for headers in ({}, {"Origin": LOCAL}, {"Origin": "https://evil.example"}):
        response = client.get("/docs", headers=headers)
        varies = response.headers.get("vary") == "Origin"
        allowed = "access-control-allow-origin" in response.headers
        assert varies is (allowed if older("starlette", "1.7.0") else True)
