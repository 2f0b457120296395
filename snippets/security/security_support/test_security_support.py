import inspect
import secrets
from base64 import b64encode
from collections.abc import Callable
from typing import Annotated, Any

import fastapi
import jwt
import pytest
from fastapi import Depends, FastAPI, HTTPException, Request, WebSocket
from fastapi.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPBasic,
    HTTPBearer,
    HTTPDigest,
    OAuth2,
    OAuth2AuthorizationCodeBearer,
    OAuth2PasswordBearer,
    OpenIdConnect,
)
from fastapi.security.base import SecurityBase
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.authentication import AuthenticationBackend, requires
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.testclient import WebSocketDenialResponse

from snippets.conftest import refusal_to_start
from snippets.security.security_support import (
    basic,
    checked_token,
    either_credential,
    protected,
    wrong_decorator,
    wrong_unchecked_token,
)

Recorder = Callable[[str, str], None]
BASIC = "Basic " + b64encode(b"metrics:s3cret:with colon").decode()
SCHEMES: dict[str, SecurityBase] = {
    "Bearer text": OAuth2PasswordBearer(tokenUrl="token"),
    "Bearer text (code)": OAuth2AuthorizationCodeBearer("/authorize", "/token"),
    "Bearer": HTTPBearer(),
    "Basic": HTTPBasic(),
    "Digest": HTTPDigest(),
    "header": APIKeyHeader(name="X-API-Key"),
    "query": APIKeyQuery(name="api_key"),
    "cookie": APIKeyCookie(name="session"),
    "OAuth2": OAuth2(),
    "OpenIdConnect": OpenIdConnect(openIdConnectUrl="https://id.example/.well-known"),
}


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch) -> None:
    alice = protected.User(name="alice")
    bob = protected.User(name="bob", scopes=["invoices:write"])
    tokens = {"alice-token": alice, "bob-token": bob}
    monkeypatch.setattr(protected, "TOKENS", tokens)
    monkeypatch.setattr(either_credential, "TOKENS", {"alice-token": "alice"})
    monkeypatch.setattr(either_credential, "API_KEYS", {"k-1": "billing"})
    monkeypatch.setenv("METRICS_PASSWORD", "s3cret:with colon")


def app_with(dependency: Any) -> FastAPI:
    app = FastAPI()

    @app.get("/")
    async def read(found: Annotated[Any, Depends(dependency)]) -> Any:
        return found

    return app


def ask(dependency: Any, path: str = "/", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return TestClient(app_with(dependency)).get(path, headers=named)


def exchange(response: Response) -> str:
    request = response.request
    sent = [f"{request.method} {request.url.path} HTTP/1.1"]
    got = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
    for lines, headers in ((sent, request.headers), (got, response.headers)):
        lines += [
            f"{name}: {value}"
            for name, value in headers.items()
            if name in ("authorization", "www-authenticate", "content-type")
        ]
    return "\n".join([*sent, "", *got, "", response.text])


def test_any_text_after_bearer_is_passed_on_as_the_token(recorded: Recorder) -> None:
    client = TestClient(wrong_unchecked_token.app)
    missing = client.get("/reports/2026")
    anything = client.get(
        "/reports/2026", headers={"Authorization": "Bearer anything at all"}
    )
    assert (missing.status_code, anything.status_code) == (401, 200)
    recorded("any_text.http", exchange(missing) + "\n\n\n" + exchange(anything))


def test_a_dependency_that_checks_the_token_refuses_it(recorded: Recorder) -> None:
    client = TestClient(checked_token.app)
    exchanges = []
    for token, status in ((None, 401), ("anything at all", 401), ("alice-token", 200)):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        assert client.get("/reports/2026", headers=headers).status_code == status
        response = client.get("/me", headers=headers)
        assert response.status_code == status
        exchanges.append(exchange(response))
    recorded("checked.http", "\n\n\n".join(exchanges))


def test_token_url_documents_an_address_and_creates_no_route() -> None:
    flows = checked_token.app.openapi()["components"]["securitySchemes"]
    password = flows["OAuth2PasswordBearer"]["flows"]["password"]
    assert password["tokenUrl"] == "token"
    assert TestClient(checked_token.app).post("/token").status_code == 404


@pytest.mark.parametrize(
    ("kind", "challenge"),
    [
        ("Bearer text", "Bearer"),
        ("Bearer text (code)", "Bearer"),
        ("Bearer", "Bearer"),
        ("Basic", "Basic"),
        ("Digest", "Digest"),
        ("header", "APIKey"),
        ("query", "APIKey"),
        ("cookie", "APIKey"),
        ("OAuth2", "Bearer"),
        ("OpenIdConnect", "Bearer"),
    ],
)
def test_missing_credentials_are_401_with_a_challenge(
    kind: str, challenge: str
) -> None:
    response = ask(SCHEMES[kind])
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == challenge
    assert response.json() == {"detail": "Not authenticated"}


@pytest.mark.parametrize(
    ("kind", "path", "headers", "found"),
    [
        ("Bearer text", "/", {"Authorization": "bearer x y"}, "x y"),
        ("Bearer text (code)", "/", {"Authorization": "Bearer x"}, "x"),
        (
            "Bearer",
            "/",
            {"Authorization": "Bearer x"},
            {"scheme": "Bearer", "credentials": "x"},
        ),
        (
            "Basic",
            "/",
            {"Authorization": BASIC},
            {"username": "metrics", "password": "s3cret:with colon"},
        ),
        (
            "Digest",
            "/",
            {"Authorization": 'Digest username="a"'},
            {"scheme": "Digest", "credentials": 'username="a"'},
        ),
        ("header", "/", {"X_API_Key": "k"}, "k"),
        ("query", "/?api_key=k", {}, "k"),
        ("cookie", "/", {"Cookie": "session=k"}, "k"),
        ("OAuth2", "/", {"Authorization": "Other x"}, "Other x"),
        ("OpenIdConnect", "/", {"Authorization": "Other x"}, "Other x"),
    ],
)
def test_each_class_gives_what_the_table_says(
    kind: str, path: str, headers: dict[str, str], found: Any
) -> None:
    response = ask(SCHEMES[kind], path, **headers)
    assert response.json() == found


def test_oauth2_password_bearer_gives_an_empty_string_where_http_bearer_refuses() -> (
    None
):
    assert ask(OAuth2PasswordBearer("token"), Authorization="Bearer").json() == ""
    optional = OAuth2PasswordBearer("token", auto_error=False)
    assert ask(optional, Authorization="Bearer").json() == ""
    assert ask(optional).json() is None
    assert ask(HTTPBearer(), Authorization="Bearer").status_code == 401


def test_http_basic_takes_ascii_only_and_refuses_malformed_values_always() -> None:
    for value in ("Basic !!", "Basic " + b64encode("a:é".encode()).decode()):
        assert ask(HTTPBasic(), Authorization=value).status_code == 401
        assert ask(HTTPBasic(auto_error=False), Authorization=value).status_code == 401
    assert ask(HTTPBasic(auto_error=False)).json() is None


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/me"), ("POST", "/invoices"), ("GET", "/reports/1")]
)
def test_parameter_security_and_router_dependency_all_protect(
    method: str, path: str
) -> None:
    client = TestClient(protected.app)
    assert client.request(method, path).status_code == 401
    headers = {"Authorization": "Bearer forged"}
    assert client.request(method, path, headers=headers).status_code == 401
    headers = {"Authorization": "Bearer bob-token"}
    assert client.request(method, path, headers=headers).status_code == 200


def test_security_adds_scopes_that_the_dependency_compares() -> None:
    client = TestClient(protected.app)
    headers = {"Authorization": "Bearer alice-token"}
    assert client.post("/invoices", headers=headers).status_code == 403
    assert client.get("/me", headers=headers).status_code == 200


def test_the_oauth2_class_passes_on_tokens_that_are_no_jwt() -> None:
    with pytest.raises(jwt.DecodeError):
        jwt.get_unverified_header("alice-token")
    headers = {"Authorization": "Bearer alice-token"}
    assert TestClient(protected.app).get("/me", headers=headers).status_code == 200


def test_the_schemes_are_described_in_openapi() -> None:
    schema = protected.app.openapi()
    described = schema["components"]["securitySchemes"]["OAuth2PasswordBearer"]
    assert described["flows"]["password"]["tokenUrl"] == "token"
    create = schema["paths"]["/invoices"]["post"]
    assert create["security"] == [{"OAuth2PasswordBearer": ["invoices:write"]}]
    report = schema["paths"]["/reports/{year}"]["get"]
    assert report["security"] == [{"OAuth2PasswordBearer": []}]


def test_fastapi_security_exports_classes_and_no_decorator() -> None:
    exported = {
        name: value
        for name, value in vars(fastapi.security).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert "OAuth2PasswordBearer" in exported
    assert all(inspect.isclass(value) for value in exported.values())


def test_a_decorator_above_the_route_decorator_never_runs() -> None:
    response = TestClient(wrong_decorator.app).get("/invoices")
    assert (response.status_code, response.json()) == (200, ["INV-1"])


def test_a_wrapper_without_wraps_turns_its_arguments_into_query_parameters() -> None:
    def login_required(endpoint: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return endpoint(*args, **kwargs)

        return wrapper

    app = FastAPI()

    @app.get("/invoices")
    @login_required
    def invoices() -> list[str]:
        return []

    response = TestClient(app).get("/invoices")
    assert response.status_code == 422
    places = [error["loc"] for error in response.json()["detail"]]
    assert places == [["query", "args"], ["query", "kwargs"]]


class Nobody(AuthenticationBackend):
    async def authenticate(self, conn: HTTPConnection) -> None:
        return None


def test_starlettes_requires_needs_its_middleware_and_is_not_in_openapi() -> None:
    def app() -> FastAPI:
        app = FastAPI()

        @app.get("/")
        @requires("authenticated")
        async def read(request: Request) -> str:
            return "secret"

        return app

    with pytest.raises(AssertionError, match="AuthenticationMiddleware must be"):
        TestClient(app()).get("/")

    guarded = app()
    guarded.add_middleware(AuthenticationMiddleware, backend=Nobody())
    response = TestClient(guarded).get("/")
    assert response.status_code == 403
    assert "WWW-Authenticate" not in response.headers
    assert "security" not in guarded.openapi()["paths"]["/"]["get"]


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({"Authorization": "Bearer alice-token"}, (200, "alice")),
        ({"X-API-Key": "k-1"}, (200, "billing")),
        ({}, (401, {"detail": "Token or API key needed"})),
        ({"Authorization": "Bearer"}, (401, {"detail": "Token or API key needed"})),
        ({"Authorization": "Bearer", "X-API-Key": "k-1"}, (200, "billing")),
        (
            {"Authorization": "Bearer forged", "X-API-Key": "k-1"},
            (401, {"detail": "Token or API key needed"}),
        ),
    ],
)
def test_with_auto_error_off_either_credential_is_enough(
    headers: dict[str, str], answer: tuple[int, Any]
) -> None:
    response = TestClient(either_credential.app).get("/caller", headers=headers)
    assert (response.status_code, response.json()) == answer


def test_openapi_lists_two_schemes_as_alternatives_even_if_both_are_required() -> None:
    def both(
        token: Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))],
        key: Annotated[str, Depends(APIKeyHeader(name="X-API-Key"))],
    ) -> None:
        pass

    for app, path in ((either_credential.app, "/caller"), (app_with(both), "/")):
        described = app.openapi()["paths"][path]["get"]["security"]
        assert described == [{"OAuth2PasswordBearer": []}, {"APIKeyHeader": []}]
    assert ask(both, X_API_Key="k").status_code == 401


def test_two_schemes_of_one_class_need_their_own_scheme_name() -> None:
    def keys(**names: str) -> Any:
        first = APIKeyHeader(name="X-A", scheme_name=names.get("first"))
        second = APIKeyHeader(name="X-B", scheme_name=names.get("second"))

        def both(
            a: Annotated[str, Depends(first)], b: Annotated[str, Depends(second)]
        ) -> None:
            pass

        return app_with(both).openapi()["components"]["securitySchemes"]

    assert set(keys()) == {"APIKeyHeader"}
    assert set(keys(first="KeyA", second="KeyB")) == {"KeyA", "KeyB"}


def test_a_header_parameter_makes_no_authorize_button() -> None:
    def check(authorization: Annotated[str, fastapi.Header()]) -> None:
        pass

    schema = app_with(check).openapi()
    assert "securitySchemes" not in schema.get("components", {})
    assert "securitySchemes" in app_with(HTTPBearer()).openapi()["components"]


def test_a_websocket_and_a_route_outside_the_schema_make_no_authorize_button() -> None:
    app = FastAPI(dependencies=[fastapi.Depends(HTTPBearer())])

    @app.websocket("/ws")
    async def feed(websocket: WebSocket) -> None: ...

    @app.get("/hidden", include_in_schema=False)
    async def hidden() -> None: ...

    assert "components" not in app.openapi()


def test_a_dependency_without_a_security_class_is_not_in_openapi() -> None:
    def check(request: Request) -> None:
        raise HTTPException(401)

    assert ask(check).status_code == 401
    assert "security" not in app_with(check).openapi()["paths"]["/"]["get"]
    assert "security" in app_with(HTTPBearer()).openapi()["paths"]["/"]["get"]


def test_a_subclass_can_give_403_as_before() -> None:
    class Forbidding(HTTPBearer):
        def make_not_authenticated_error(self) -> HTTPException:
            return HTTPException(403, "Not authenticated")

    assert ask(Forbidding()).status_code == 403


def test_http_basic_lets_in_the_right_pair_only() -> None:
    client = TestClient(basic.app)
    for pair, status in (
        ("metrics:s3cret:with colon", 200),
        ("metrics:wrong", 401),
        ("other:s3cret:with colon", 401),
    ):
        headers = {"Authorization": "Basic " + b64encode(pair.encode()).decode()}
        response = client.get("/metrics", headers=headers)
        assert response.status_code == status


@pytest.mark.parametrize("password", [None, "", "short"])
def test_http_basic_without_a_password_does_not_start(
    monkeypatch: pytest.MonkeyPatch, password: str | None
) -> None:
    with TestClient(basic.app) as client:
        assert client.get("/metrics").status_code == 401
    refusal = refusal_to_start(monkeypatch, basic.app, "METRICS_PASSWORD", password)
    assert "PASSWORD is missing" in refusal


def test_name_and_password_are_compared_both_even_if_the_name_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[bytes] = []
    compare = secrets.compare_digest

    def compare_digest(given: bytes, expected: bytes) -> bool:
        compared.append(given)
        return compare(given, expected)

    monkeypatch.setattr(secrets, "compare_digest", compare_digest)
    headers = {"Authorization": "Basic " + b64encode(b"other:wrong").decode()}
    TestClient(basic.app).get("/metrics", headers=headers)
    assert compared == [b"other", b"wrong"]


def test_compare_digest_refuses_text_beyond_ascii() -> None:
    with pytest.raises(TypeError, match="non-ASCII"):
        secrets.compare_digest("geheim", "schlüssel")


@pytest.mark.parametrize("token", [None, "forged", "alice-token"])
def test_the_same_dependency_works_in_a_websocket_endpoint(token: str | None) -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def feed(websocket: WebSocket, user: checked_token.CurrentUser) -> None:
        await websocket.accept()
        await websocket.send_text(f"hello {user}")
        await websocket.close()

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    connecting = TestClient(app).websocket_connect("/ws", headers=headers)
    if token == "alice-token":
        with connecting as websocket:
            assert websocket.receive_text() == "hello alice"
        return
    with pytest.raises(WebSocketDenialResponse) as refused, connecting:
        pass
    assert refused.value.status_code == 401
    assert refused.value.headers["WWW-Authenticate"] == "Bearer"
