import base64
import json
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Any, Self

import jwt
import pytest
from fastapi import Depends, FastAPI
from fastapi.security import (
    HTTPAuthorizationCredentials,
    HTTPBearer,
    OAuth2,
    OAuth2PasswordBearer,
    OpenIdConnect,
)
from fastapi.testclient import TestClient

from snippets.conftest import refusal_to_start
from snippets.security.jwt import (
    anatomy,
    aware_expiry,
    verify_token,
    wrong_naive_expiry,
    wrong_private_claims,
)

Recorder = Callable[[str, str], None]
KEY = secrets.token_urlsafe(32)
ISSUER = "https://login.example.com"
AUDIENCE = "https://api.example.com"


@pytest.fixture(autouse=True)
def key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_KEY", KEY)


class FixedClock(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls(2026, 11, 24, 12, 0, tzinfo=UTC)


def in_minutes(minutes: int) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


def token(key: str = KEY, algorithm: str = "HS256", **changes: Any) -> str:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "42", "exp": in_minutes(15)}
    claims = {k: v for k, v in (claims | changes).items() if v is not None}
    return jwt.encode(claims, key, algorithm)


def get_me(bearer: str) -> Any:
    headers = {"Authorization": f"Bearer {bearer}"}
    return TestClient(verify_token.app).get("/me", headers=headers)


def test_header_and_payload_are_read_without_a_key(
    recorded: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_token, "datetime", FixedClock)
    issued = verify_token.issue(42, KEY)
    header, payload, signature = anatomy.read_without_key(issued)
    assert jwt.get_unverified_header(issued) == header
    text = f"header     {json.dumps(header)}\n"
    text += f"payload    {json.dumps(payload, indent=2)}\n"
    text += f"signature  {len(signature)} bytes"
    recorded("anatomy.txt", text)


def test_a_valid_token_is_let_in_and_a_changed_one_is_refused(
    recorded: Recorder,
) -> None:
    issued = verify_token.issue(42, KEY)
    lines = []
    for bearer, shown in ((issued, "eyJ… (issued)"), (issued[:-9], "eyJ… (cut)")):
        answer = get_me(bearer)
        lines += ["GET /me HTTP/1.1", f"authorization: Bearer {shown}", ""]
        lines.append(f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}")
        if challenge := answer.headers.get("www-authenticate"):
            lines.append(f"www-authenticate: {challenge}")
        lines += ["", answer.text, "", ""]
    recorded("me.http", "\n".join(lines))
    response = get_me(issued)
    assert (response.status_code, response.json()) == (200, {"user_id": "42"})


def test_bytes_that_are_no_ascii_are_an_invalid_token() -> None:
    headers = {b"Authorization": b"Bearer \xff.\xfe.\xfd"}
    response = TestClient(verify_token.app).get("/me", headers=headers)
    assert response.status_code == 401


def test_two_classes_cut_off_the_word_bearer_and_two_do_not() -> None:
    app = FastAPI()

    @app.get("/")
    async def read(
        plain: Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))],
        parts: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
        oauth2: Annotated[str, Depends(OAuth2())],
        connect: Annotated[str, Depends(OpenIdConnect(openIdConnectUrl="/openid"))],
    ) -> list[str]:
        return [plain, parts.credentials, oauth2, connect]

    response = TestClient(app).get("/", headers={"Authorization": "Bearer abc"})
    assert response.json() == ["abc", "abc", "Bearer abc", "Bearer abc"]


@pytest.mark.parametrize("key", [None, "", "short"])
def test_without_a_key_the_application_does_not_start(
    monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    with TestClient(verify_token.app) as client:
        assert client.get("/me").status_code == 401
    refusal = refusal_to_start(monkeypatch, verify_token.app, "JWT_KEY", key)
    assert "JWT_KEY is missing" in refusal


def test_a_short_key_is_a_warning() -> None:
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        verify_token.issue(42, "short")


def test_a_changed_payload_no_longer_fits_the_signature() -> None:
    header, payload, signature = verify_token.issue(42, KEY).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(claims | {"sub": "1"}).encode())
    forged_token = f"{header}.{forged.decode().rstrip('=')}.{signature}"
    with pytest.raises(jwt.InvalidSignatureError):
        verify_token.verify(forged_token, KEY)
    response = get_me(forged_token)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_the_errors_and_their_causes(recorded: Recorder) -> None:
    causes = {
        "not a JWT": "abc",
        "'Bearer ' still in front": f"Bearer {token()}",
        "a line break at the end": token() + "\n",
        "another key": token(secrets.token_urlsafe(32)),
        "another algorithm": token(secrets.token_urlsafe(64), "HS512"),
        "exp is over": token(exp=in_minutes(-1)),
        "nbf or iat in the future": token(iat=in_minutes(1)),
        "no exp": token(exp=None),
        "sub is a number": token(sub=42),
        "a token for another API": token(aud="https://other.example.com"),
        "another issuer": token(iss="https://evil.example.com"),
    }
    lines = []
    for cause, bad in causes.items():
        with pytest.raises(jwt.InvalidTokenError) as caught:
            verify_token.verify(bad, KEY)
        name = type(caught.value).__name__
        lines.append(f"{cause:26}{name}: {caught.value}")
    with pytest.raises(jwt.InvalidTokenError) as caught:
        jwt.decode(token(), KEY, algorithms=["HS256"])
    name = type(caught.value).__name__
    lines.append(f"{'aud, but no audience=':26}{name}: {caught.value}")
    recorded("errors.txt", "\n".join(lines))


def test_the_dependency_answers_401_to_every_invalid_token() -> None:
    for bad in ("abc", token(exp=None), token(sub=42), token(aud="other")):
        response = get_me(bad)
        assert response.status_code == 401
        assert response.json() == {"detail": "Invalid token"}


def decode(**options: Any) -> Callable[[str], dict[str, Any]]:
    return lambda text: jwt.decode(text, KEY, algorithms=["HS256"], **options)


def claims_only(**claims: Any) -> str:
    return jwt.encode(claims, KEY, "HS256")


def test_times_are_checked_only_where_the_claims_are_present() -> None:
    assert decode()(claims_only(sub="42")) == {"sub": "42"}
    for late in ({"nbf": in_minutes(1)}, {"iat": in_minutes(1)}):
        with pytest.raises(jwt.ImmatureSignatureError):
            decode()(claims_only(**late))
    with pytest.raises(jwt.ExpiredSignatureError):
        decode()(claims_only(exp=in_minutes(-1)))
    with pytest.raises(jwt.MissingRequiredClaimError):
        decode(options={"require": ["exp"]})(claims_only(sub="42"))


def test_the_program_takes_a_token_of_a_clock_that_is_ahead_by_seconds() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=5)
    assert get_me(token(iat=soon)).status_code == 200
    with pytest.raises(jwt.ImmatureSignatureError):
        verify_token.verify(token(iat=in_minutes(1)), KEY)


def test_iss_is_ignored_without_issuer_and_compulsory_with_it() -> None:
    assert decode()(claims_only(iss="anyone"))["iss"] == "anyone"
    with pytest.raises(jwt.InvalidIssuerError):
        decode(issuer=ISSUER)(claims_only(iss="anyone"))
    with pytest.raises(jwt.MissingRequiredClaimError):
        decode(issuer=ISSUER)(claims_only(sub="42"))


def test_aud_needs_audience_and_audience_needs_aud() -> None:
    with pytest.raises(jwt.InvalidAudienceError):
        decode()(claims_only(aud=AUDIENCE))
    with pytest.raises(jwt.MissingRequiredClaimError):
        decode(audience=AUDIENCE)(claims_only(sub="42"))
    assert decode(audience=AUDIENCE)(claims_only(aud=["other", AUDIENCE]))


def test_sub_and_jti_must_be_strings() -> None:
    with pytest.raises(jwt.exceptions.InvalidSubjectError):
        decode()(claims_only(sub=42))
    with pytest.raises(jwt.exceptions.InvalidJTIError):
        decode()(claims_only(jti=42))


def test_pyjwt_refuses_a_token_of_five_parts() -> None:
    header = base64.urlsafe_b64encode(b'{"alg":"dir","enc":"A128GCM"}').decode()
    with pytest.raises(jwt.DecodeError):
        verify_token.verify(f"{header.rstrip('=')}..AAAA.AAAA.AAAA", KEY)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def use(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield use
    monkeypatch.undo()
    time.tzset()


def test_a_naive_expiry_is_taken_as_utc(zone: Callable[[str], None]) -> None:
    zone("EST5")  # five hours behind UTC
    with pytest.raises(jwt.ExpiredSignatureError):
        decode()(wrong_naive_expiry.issue(42, KEY))
    zone("JST-9")  # nine hours ahead
    expires = decode()(wrong_naive_expiry.issue(42, KEY))["exp"]
    assert 9 * 60 < (expires - time.time()) / 60 < 9 * 60 + 16
    zone("UTC")
    decode()(wrong_naive_expiry.issue(42, KEY))


@pytest.mark.parametrize("name", ["EST5", "JST-9", "UTC"])
def test_an_aware_expiry_is_right_in_every_time_zone(
    zone: Callable[[str], None], name: str
) -> None:
    zone(name)
    expires = decode()(aware_expiry.issue(42, KEY))["exp"]
    assert 14 < (expires - time.time()) / 60 < 16


def test_a_dumped_user_shows_the_password_hash_to_whoever_has_the_token() -> None:
    user = wrong_private_claims.User(
        id=42, email="alice@example.com", password_hash="$argon2id$v=19$…"
    )
    issued = wrong_private_claims.issue(user, KEY)
    _, payload, _ = anatomy.read_without_key(issued)
    assert payload["password_hash"] == "$argon2id$v=19$…"
    _, payload, _ = anatomy.read_without_key(verify_token.issue(42, KEY))
    assert set(payload) == {"iss", "aud", "sub", "iat", "exp"}
