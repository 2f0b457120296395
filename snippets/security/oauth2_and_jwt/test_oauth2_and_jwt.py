import asyncio
import json
import secrets
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import HTTPException
from fastapi.testclient import TestClient
from httpx2 import AsyncClient, ConnectError, MockTransport, Request, Response
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from snippets.conftest import refusal_to_start
from snippets.security.oauth2_and_jwt import (
    introspection,
    resource_server,
    wrong_jwks_in_async_def,
    wrong_no_audience,
)

Recorder = Callable[[str, str], None]
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
STRANGER = ec.generate_private_key(ec.SECP256R1())
KEYS = {
    "rsa-1": RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True) | {"kid": "rsa-1"},
    "ec-1": ECAlgorithm.to_jwk(EC.public_key(), as_dict=True) | {"kid": "ec-1"},
}
ISSUER = resource_server.ISSUER
AUDIENCE = resource_server.AUDIENCE


class Provider:
    """The key endpoint of an identity provider on this machine."""

    def __init__(self) -> None:
        self.keys = dict(KEYS)
        self.fetched_on_the_loop: list[bool] = []
        self.status = 200
        self.answer: bytes | None = None  # in place of the keys
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.requests += 1
                self.send_response(provider.status)
                if provider.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                body = {"keys": list(provider.keys.values())}
                answer = json.dumps(body).encode()
                self.wfile.write(provider.answer or answer)

            def log_message(self, *args: Any) -> None:
                pass

        self.requests = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/jwks.json"

    def stop(self) -> None:
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()

    def client(self) -> "RecordingClient":
        return RecordingClient(self)


class RecordingClient(resource_server.ProviderKeys):
    """The real client; it notes whether an event loop waited for the network."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(provider.url, timeout=30)
        self.provider = provider

    def fetch_data(self) -> Any:
        on_the_loop = asyncio._get_running_loop() is not None
        self.provider.fetched_on_the_loop.append(on_the_loop)
        return super().fetch_data()


@pytest.fixture(autouse=True)
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    running = Provider()
    for module in (resource_server, wrong_no_audience):
        monkeypatch.setattr(module, "jwks", running.client())
    yield running
    running.stop()


def token(
    key: Any = EC,
    algorithm: str = "ES256",
    kid: str | None = "ec-1",
    typ: str = "at+jwt",
    **changes: Any,
) -> str:
    now = datetime.now(UTC)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "client_id": "web",
        "iat": now,
        "exp": now + timedelta(minutes=10),
    } | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    headers = {"typ": typ} | ({"kid": kid} if kid else {})
    return jwt.encode(claims, key, algorithm, headers=headers)


def get_me(module: ModuleType, bearer: str) -> Response:
    headers = {"Authorization": f"Bearer {bearer}"}
    return TestClient(module.app).get("/me", headers=headers)


def test_tokens_for_others_are_refused_only_with_the_checks(recorded: Recorder) -> None:
    tokens = {
        "access token for this API": token(),
        "access token for another API": token(aud="https://other.example.com"),
        "ID token of the web client": token(aud="web", typ="JWT", nonce="n-1"),
        "another tenant, same keys": token(iss=f"{ISSUER}/tenant-2"),
        "typ is JWT": token(typ="JWT"),
        "signed by a stranger": token(STRANGER),
        "expired": token(exp=datetime.now(UTC) - timedelta(minutes=1)),
    }
    answers = {
        name: [
            get_me(resource_server, bearer).status_code,
            get_me(wrong_no_audience, bearer).status_code,
        ]
        for name, bearer in tokens.items()
    }
    assert [checked for checked, _ in answers.values()] == [200] + 6 * [401]
    assert [unchecked for _, unchecked in answers.values()] == 5 * [200] + 2 * [401]
    lines = [f"{'':30}{'all checks':>10}{'verify_aud off':>16}"]
    lines += [f"{name:30}{a:>10}{b:>16}" for name, (a, b) in answers.items()]
    recorded("tokens_for_others.txt", "\n".join(lines))


@pytest.mark.parametrize(
    "make_token",  # in the test: between collection and test it would expire
    [
        token,
        lambda: token(RSA, "RS256", "rsa-1"),
        lambda: token(typ="application/at+jwt"),
    ],
    ids=["ES256", "RS256", "long typ"],
)
def test_tokens_of_the_provider_are_let_in(make_token: Callable[[], str]) -> None:
    response = get_me(resource_server, make_token())
    assert (response.status_code, response.json()) == (200, {"user": "alice"})


def test_a_token_of_a_clock_that_is_a_few_seconds_ahead_is_let_in() -> None:
    ahead = token(iat=datetime.now(UTC) + timedelta(seconds=10))
    assert get_me(resource_server, ahead).status_code == 200
    far_ahead = token(iat=datetime.now(UTC) + timedelta(minutes=5))
    assert get_me(resource_server, far_ahead).status_code == 401


def test_without_audience_pyjwt_refuses_a_token_that_has_one() -> None:
    with pytest.raises(jwt.InvalidAudienceError, match="Invalid audience"):
        jwt.decode(token(), EC.public_key(), algorithms=["ES256"])


def test_pyjwt_does_not_check_typ_by_itself() -> None:
    key = EC.public_key()
    for typ in ("at+jwt", "JWT", "anything"):
        bearer = token(typ=typ)
        claims = jwt.decode(bearer, key, algorithms=["ES256"], audience=AUDIENCE)
        assert claims["sub"] == "alice"


@pytest.mark.parametrize("missing", ["exp", "iat", "sub", "aud", "iss"])
def test_a_token_without_a_required_claim_is_refused(missing: str) -> None:
    changes: dict[str, Any] = {missing: None}
    assert get_me(resource_server, token(**changes)).status_code == 401


def test_a_token_that_names_only_the_client_is_a_401(provider: Provider) -> None:
    like_cognito = token(aud=None)
    assert get_me(resource_server, like_cognito).status_code == 401
    key = provider.client().get_signing_key_from_jwt(like_cognito)
    claims = jwt.decode(like_cognito, key, algorithms=["ES256"], issuer=ISSUER)
    assert claims["client_id"] == "web"  # without audience= this can be compared


@pytest.mark.parametrize(
    "bearer",
    ["", "abc", token(kid="unknown"), token(kid=None)],
    ids=["empty", "no JWT", "unknown kid", "no kid"],
)
def test_garbage_and_unknown_keys_are_401(bearer: str) -> None:
    response = get_me(resource_server, bearer)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_an_unknown_kid_is_no_invalid_token_error(provider: Provider) -> None:
    with pytest.raises(jwt.PyJWKClientError) as caught:
        provider.client().get_signing_key_from_jwt(token(kid="unknown"))
    assert not isinstance(caught.value, jwt.InvalidTokenError)


def test_a_token_signed_with_a_secret_is_refused(provider: Provider) -> None:
    forged = token(secrets.token_bytes(32), "HS256")
    with pytest.raises(jwt.InvalidAlgorithmError):
        resource_server.verify(forged)
    assert get_me(resource_server, forged).status_code == 401


def test_keys_are_fetched_once_and_again_for_a_new_kid(provider: Provider) -> None:
    for _ in range(3):
        assert get_me(resource_server, token()).status_code == 200
    assert provider.requests == 1
    assert resource_server.jwks.jwk_set_cache is not None
    assert resource_server.jwks.jwk_set_cache.lifespan == 300


def test_a_new_key_is_found_without_a_restart(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = ec.generate_private_key(ec.SECP256R1())
    monkeypatch.setattr(resource_server.jwks, "cooldown_duration", 0)
    assert get_me(resource_server, token(new, kid="ec-2")).status_code == 401
    jwk = ECAlgorithm.to_jwk(new.public_key(), as_dict=True) | {"kid": "ec-2"}
    provider.keys["ec-2"] = jwk
    assert get_me(resource_server, token(new, kid="ec-2")).status_code == 200


def test_invented_kids_do_not_make_a_request_each(provider: Provider) -> None:
    for number in range(5):
        bearer = token(kid=f"invented-{number}")
        assert get_me(resource_server, bearer).status_code == 401
    assert provider.requests <= 2
    assert resource_server.jwks.cooldown_duration == 30


def test_a_provider_that_failed_is_not_asked_again_for_fifteen_seconds(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert get_me(resource_server, token()).status_code == 200
    monkeypatch.setattr(resource_server.jwks, "cooldown_duration", 0)  # it is over
    provider.status = 500
    for number in range(5):
        bearer = token(kid=f"invented-{number}")
        assert get_me(resource_server, bearer).status_code == 503
    assert provider.requests == 2
    assert get_me(resource_server, token()).status_code == 200  # with kept keys
    assert 10 < resource_server.jwks.pause - time.monotonic() <= 15
    provider.status = 200
    monkeypatch.setattr(resource_server.jwks, "pause", time.monotonic())  # it is over
    assert get_me(resource_server, token(kid="invented")).status_code == 401
    assert provider.requests == 3


def test_a_fetch_makes_every_other_verification_wait(provider: Provider) -> None:
    free: list[bool] = []

    class Watched(RecordingClient):
        def fetch_data(self) -> Any:
            def other_request() -> None:
                free.append(self._client_lock.acquire(blocking=False))

            other = threading.Thread(target=other_request)
            other.start()
            other.join()
            return super().fetch_data()

    Watched(provider).get_signing_key_from_jwt(token())
    assert free == [False]


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>maintenance</html>",
        b'{"keys": []}',
        b"[]",
        b"null",
        b'{"keys": [{"kty": "oct", "k": "a2V5", "kid": "ec-1", "use": "enc"}]}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
    ids=["HTML", "no key", "list", "null", "no signing key", "no UTF-8", "deep"],
)
def test_a_provider_without_usable_keys_is_503_and_no_500(
    provider: Provider, answer: bytes
) -> None:
    provider.answer = answer
    assert get_me(resource_server, token()).status_code == 503


def test_the_client_waits_thirty_seconds_unless_told_otherwise() -> None:
    assert jwt.PyJWKClient("https://login.example.com/jwks.json").timeout == 30


def test_kept_keys_work_without_the_provider_and_then_the_answer_is_503(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert get_me(resource_server, token()).status_code == 200
    provider.stop()
    assert get_me(resource_server, token()).status_code == 200
    kept = resource_server.jwks.jwk_set_cache
    assert kept is not None
    monkeypatch.setattr(kept, "lifespan", -0.5)  # the five minutes are over
    assert get_me(resource_server, token()).status_code == 503


def test_a_redirect_of_the_key_endpoint_is_not_followed(provider: Provider) -> None:
    provider.status = 302
    with pytest.raises(jwt.PyJWKClientConnectionError):
        jwt.PyJWKClient(provider.url).get_signing_keys()
    assert provider.requests == 1


def test_a_def_dependency_fetches_keys_beside_the_event_loop(
    provider: Provider,
) -> None:
    assert get_me(resource_server, token()).status_code == 200
    assert provider.fetched_on_the_loop == [False]


def test_a_new_client_in_async_def_blocks_the_loop_in_every_request(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OnThisMachine(RecordingClient):
        def __init__(self, uri: str) -> None:
            super().__init__(provider)

    names = {"PyJWKClient": OnThisMachine, "decode": staticmethod(jwt.decode)}
    monkeypatch.setattr(wrong_jwks_in_async_def, "jwt", type("jwt", (), names))
    for _ in range(3):
        assert get_me(wrong_jwks_in_async_def, token()).status_code == 200
    assert provider.fetched_on_the_loop == [True, True, True]


def test_the_docs_log_in_with_pkce() -> None:
    client = TestClient(resource_server.app)
    assert '"usePkceWithAuthorizationCodeGrant": true' in client.get("/docs").text
    schemes = resource_server.app.openapi()["components"]["securitySchemes"]
    assert set(schemes["OAuth2AuthorizationCodeBearer"]["flows"]) == {
        "authorizationCode"
    }


def test_without_cryptography_key_sets_and_tokens_fail_in_different_ways() -> None:
    header = b64encode(b'{"alg":"RS256"}').decode().rstrip("=")
    program = f"""
import sys
sys.modules["cryptography"] = None
import jwt
try:
    jwt.PyJWKSet.from_dict({{"keys": [{{"kty": "RSA"}}]}})
except Exception as error:
    print(f"{{type(error).__name__}}: {{error}}")
try:
    jwt.decode("{header}.e30.AAAA", "a public key", algorithms=["RS256"])
except jwt.InvalidTokenError as error:
    print(f"{{type(error).__name__}}: {{error}}")
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines() == [
        "MissingCryptographyError: RS256 requires 'cryptography' to be installed.",
        "InvalidAlgorithmError: Algorithm not supported",
    ]


class AuthorizationServer:
    """Answers token introspection; tokens are random text."""

    def __init__(self) -> None:
        self.active: dict[str, dict[str, Any]] = {}
        self.requests: list[Request] = []
        self.reachable = True
        self.broken = False

    def __call__(self, request: Request) -> Response:
        if not self.reachable:
            raise ConnectError("refused")
        if self.broken:
            return Response(200, content=b"<html>maintenance</html>")
        self.requests.append(request)
        asked = request.content.decode().removeprefix("token=")
        found = self.active.get(asked)
        return Response(200, json={"active": bool(found)} | (found or {}))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> AuthorizationServer:
    monkeypatch.setenv("API_CLIENT_SECRET", "s3cret")
    running = AuthorizationServer()
    client = AsyncClient(transport=MockTransport(running))
    introspection.app.state.client = client
    return running


def test_an_opaque_token_works_with_the_same_oauth2_class(
    server: AuthorizationServer,
) -> None:
    opaque = secrets.token_urlsafe(32)
    server.active[opaque] = {"sub": "alice", "aud": [AUDIENCE], "scope": "read"}
    assert get_me(introspection, opaque).json() == {"user": "alice"}
    (request,) = server.requests
    expected = "Basic " + b64encode(b"api:s3cret").decode()
    assert request.headers["Authorization"] == expected


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer   "])
def test_an_empty_token_is_refused_and_never_sent_to_the_server(
    server: AuthorizationServer, header: str
) -> None:
    headers = {"Authorization": header}
    response = TestClient(introspection.app).get("/me", headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert server.requests == []


def test_a_refresh_token_that_the_server_calls_active_gets_in(
    server: AuthorizationServer,
) -> None:
    found = {"sub": "alice", "aud": AUDIENCE, "token_use": "refresh_token"}
    server.active["refresh"] = found
    assert get_me(introspection, "refresh").status_code == 200


def test_a_revoked_opaque_token_is_refused_at_the_next_request(
    server: AuthorizationServer,
) -> None:
    server.active["opaque"] = {"sub": "alice", "aud": AUDIENCE}
    assert get_me(introspection, "opaque").status_code == 200
    del server.active["opaque"]
    assert get_me(introspection, "opaque").status_code == 401
    assert len(server.requests) == 2


def test_introspection_needs_the_audience_check_too(
    server: AuthorizationServer,
) -> None:
    server.active["opaque"] = {"sub": "alice", "aud": "https://other.example.com"}
    assert get_me(introspection, "opaque").status_code == 401


@pytest.mark.parametrize("missing", [None, ""])
def test_without_its_secret_the_introspecting_application_does_not_start(
    monkeypatch: pytest.MonkeyPatch, missing: str | None
) -> None:
    name = "API_CLIENT_SECRET"
    refusal = refusal_to_start(monkeypatch, introspection.app, name, missing)
    assert f"{name} is missing" in refusal


def test_the_lifespan_opens_one_client_for_the_application(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("API_CLIENT_SECRET", "s3cret")
    with TestClient(introspection.app):
        client = introspection.app.state.client
        assert client.timeout.read == 5
        assert not client.is_closed
    assert client.is_closed


def test_a_cookie_of_the_server_that_is_not_ascii_fails_no_later_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("API_CLIENT_SECRET", "s3cret")
    cookie = (b"set-cookie", "city=Köln".encode())

    def answer(request: Request) -> Response:
        assert "cookie" not in request.headers
        return Response(200, json={"active": False}, headers=[cookie])

    async def ask(opened: AsyncClient) -> int:
        with pytest.raises(HTTPException) as refused:
            await introspection.get_subject("opaque", opened)
        return refused.value.status_code

    async def main() -> list[int]:
        async with introspection.lifespan(introspection.app):
            opened: AsyncClient = introspection.app.state.client
            opened._transport = MockTransport(answer)
            return [await ask(opened) for _ in range(2)]

    assert asyncio.run(main()) == [401, 401]


def test_an_inactive_token_is_refused_whatever_else_the_server_says(
    server: AuthorizationServer,
) -> None:
    server.active["opaque"] = {"active": False, "sub": "alice", "aud": AUDIENCE}
    assert get_me(introspection, "opaque").status_code == 401


def test_an_active_token_without_a_subject_is_refused(
    server: AuthorizationServer,
) -> None:
    server.active["opaque"] = {"aud": AUDIENCE}
    assert get_me(introspection, "opaque").status_code == 401


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("nothing", ["sub", "aud"])
def test_null_in_place_of_a_claim_is_a_refusal_and_no_failure_of_the_server(
    server: AuthorizationServer, active: bool, nothing: str
) -> None:
    found = {"active": active, "sub": "alice", "aud": AUDIENCE, nothing: None}
    server.active["opaque"] = found
    assert get_me(introspection, "opaque").status_code == 401


def test_without_the_authorization_server_no_token_can_be_checked(
    server: AuthorizationServer,
) -> None:
    server.reachable = False
    assert get_me(introspection, "opaque").status_code == 503
    server.reachable, server.broken = True, True
    assert get_me(introspection, "opaque").status_code == 503


def test_a_server_that_never_ends_its_answer_is_a_503(
    server: AuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = asyncio.timeout
    monkeypatch.setattr(asyncio, "timeout", lambda _: real(0.05))

    async def drip(request: Request) -> Response:
        await asyncio.Event().wait()  # each byte in time for the client's own limit
        raise AssertionError

    async def ask() -> None:
        async with AsyncClient(transport=MockTransport(drip)) as client, real(5):
            await introspection.get_subject("opaque", client)

    with pytest.raises(HTTPException) as refused:
        asyncio.run(ask())
    assert refused.value.status_code == 503
