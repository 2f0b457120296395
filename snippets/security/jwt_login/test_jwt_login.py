import asyncio
import base64
import hmac
import re
import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from importlib.metadata import requires
from typing import Annotated, Any, Self

import jwt
import pytest
from anyio.to_thread import current_default_thread_limiter
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import Depends, FastAPI, Form, Security
from fastapi.security import OAuth2PasswordBearer
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient, Response
from jwt.exceptions import InvalidSubjectError
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from snippets.security.jwt_login import (
    jwt_login,
    required_exp,
    wrong_early_return,
    wrong_key_in_code,
    wrong_no_exp,
    wrong_unverified_claims,
)

KEY = "0123456789abcdef" * 4  # 64 bytes, enough for HS512 too
PASSWORD = "correct horse battery staple"
HASH = jwt_login.PASSWORDS.hash(PASSWORD)
PATIENCE = 30.0
Recorder = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("APP_JWT_KEY", KEY)
    jwt_login.get_settings.cache_clear()
    yield
    jwt_login.get_settings.cache_clear()


@pytest.fixture(autouse=True)
def alice(monkeypatch: pytest.MonkeyPatch) -> jwt_login.StoredUser:
    user = jwt_login.StoredUser(
        username="alice", scopes=["items:read"], password_hash=HASH
    )
    monkeypatch.setattr(jwt_login, "USERS", {"alice": user})
    monkeypatch.setattr(wrong_early_return, "USERS", {"alice": HASH})
    return user


class CountingHasher:
    """Stands for the real hasher and says how often and where it was called."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.hashes: list[str] = []

    def verify(self, password: str | bytes, stored: str) -> bool:
        self.threads.append(threading.current_thread())
        self.hashes.append(stored)
        return stored == HASH and password in (PASSWORD, PASSWORD.encode())


@pytest.fixture
def hasher(monkeypatch: pytest.MonkeyPatch) -> CountingHasher:
    counting = CountingHasher()
    monkeypatch.setattr(jwt_login, "PASSWORDS", counting)
    monkeypatch.setattr(wrong_early_return, "PASSWORDS", counting)
    return counting


def client(app: FastAPI = jwt_login.app) -> TestClient:
    return TestClient(app)


def form(name: str = "alice", password: str = PASSWORD, scope: str = "") -> Any:
    return {"username": name, "password": password, "scope": scope}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def token(key: str = KEY, algorithm: str = "HS256", **changes: Any) -> str:
    now = datetime.now(UTC)
    claims = {"sub": "alice", "iat": now, "exp": now + timedelta(minutes=15)} | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm)


def unsigned_token() -> str:
    header, payload, _ = token().split(".")
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode()
    return f"{header.rstrip('=')}.{payload}."


def with_claims_of(other: str) -> str:
    header, _, signature = token().split(".")
    return f"{header}.{other.split('.')[1]}.{signature}"


def exchange(response: Response) -> str:
    """Return a request and its response as text; tokens are shortened."""
    request = response.request
    sent = [f"{request.method} {request.url.path} HTTP/1.1"]
    sent += [
        f"{name}: {value}"
        for name, value in request.headers.items()
        if name in ("authorization", "content-type")
    ]
    body = request.content.decode()
    got = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}"]
    got += [
        f"{name}: {value}"
        for name, value in response.headers.items()
        if name != "content-length"
    ]
    text = "\n".join([*sent, "", body, "", *got, "", response.text])
    return re.sub(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*", "eyJhbGciOiJIUzI1NiIs…", text)


def test_the_login_gives_a_token_and_the_token_opens_me(recorded: Recorder) -> None:
    login = client().post("/token", data=form(scope="items:read items:write"))
    me = client().get("/me", headers=bearer(login.json()["access_token"]))
    assert (login.status_code, me.status_code) == (200, 200)
    assert me.json() == {"username": "alice", "scopes": ["items:read"]}
    recorded("login.http", exchange(login))


def test_no_token_and_an_expired_token_are_401_and_a_missing_scope_is_403(
    recorded: Recorder,
) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    missing = client().get("/me")
    expired = client().get("/me", headers=bearer(token(exp=past)))
    scope = client().post("/items", headers=bearer(token(scope="items:read")))
    answers = {"no token": missing, "expired": expired, "no scope": scope}
    assert [r.status_code for r in answers.values()] == [401, 401, 403]
    assert [r.json() for r in answers.values()] == [
        {"detail": "Not authenticated"},
        {"detail": "Invalid token"},
        {"detail": "Not enough scope"},
    ]
    lines = [
        f"{name:8} {r.status_code} {r.headers['WWW-Authenticate']}"
        for name, r in answers.items()
    ]
    recorded("refusals.txt", "\n".join(lines))


def test_a_scope_counts_while_the_token_carries_it_and_the_user_holds_it(
    alice: jwt_login.StoredUser,
) -> None:
    headers = bearer(token(scope="items:read items:write"))
    assert client().post("/items", headers=headers).status_code == 403
    alice.scopes.append("items:write")
    assert client().post("/items", headers=headers).json() == {"owner": "alice"}
    without = bearer(token(scope="items:read"))
    assert client().post("/items", headers=without).status_code == 403
    alice.scopes.remove("items:write")
    assert client().post("/items", headers=headers).status_code == 403


def test_forged_unsigned_and_incomplete_tokens_are_refused(recorded: Recorder) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    refused = {
        "alg: none, no signature": unsigned_token(),
        "HS512 with our own key": token(algorithm="HS512"),
        "HS256 with another key": token("another key, also long enough...."),
        "sub changed to admin": with_claims_of(token(sub="admin")),
        "expired": token(exp=past),
        "no exp": token(exp=None),
        "no sub": token(sub=None),
        "sub is a number": token(sub=42),
    }
    lines = []
    for name, forged in refused.items():
        response = client().get("/me", headers=bearer(forged))
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        with pytest.raises(jwt.InvalidTokenError) as caught:
            jwt_login.read_claims(forged, jwt_login.get_settings())
        lines.append(f"{name:24} {type(caught.value).__name__}")
    recorded("refused_tokens.txt", "\n".join(lines))


def test_a_token_in_another_algorithm_is_refused_although_its_signature_is_right() -> (
    None
):
    other = token(algorithm="HS512")
    assert jwt.decode(other, KEY, algorithms=["HS512"])["sub"] == "alice"
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt_login.read_claims(other, jwt_login.get_settings())


def test_pyjwt_refuses_alg_none_even_where_the_list_allows_it() -> None:
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(unsigned_token(), "", algorithms=["none"])


def test_pyjwt_refuses_a_public_key_as_an_hmac_key_with_no_invalid_token_error() -> (
    None
):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    assert jwt.decode(jwt.encode({"a": 1}, private, "RS256"), pem, ["RS256"])
    signed, _, _ = token().rpartition(".")
    mac = hmac.digest(pem, signed.encode(), "sha256")
    forged = f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    with pytest.raises(jwt.InvalidAlgorithmError):
        jwt.decode(forged, pem, algorithms=["RS256"])
    with pytest.raises(jwt.InvalidKeyError) as caught:
        jwt.decode(forged, pem, algorithms=["RS256", "HS256"])
    assert not isinstance(caught.value, jwt.InvalidTokenError)


def test_a_reset_token_signed_with_the_same_key_opens_me() -> None:
    reset = token(purpose="reset-password")
    assert client().get("/me", headers=bearer(reset)).status_code == 200
    with pytest.raises(jwt.InvalidAudienceError):
        jwt_login.read_claims(token(aud="reset-password"), jwt_login.get_settings())


def test_the_hasher_runs_for_a_known_and_for_an_unknown_name(
    hasher: CountingHasher,
) -> None:
    for name in ("alice", "nobody"):
        answer = client().post("/token", data=form(name, "wrong"))
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json() == {"detail": "Incorrect username or password"}
    assert hasher.hashes == [HASH, jwt_login.DUMMY_HASH]


def test_the_dummy_hash_costs_as_much_as_a_real_one() -> None:
    def parameters(stored: str) -> list[str]:
        return stored.split("$")[1:4]

    assert parameters(jwt_login.DUMMY_HASH) == parameters(HASH)
    assert parameters(HASH) == ["argon2id", "v=19", "m=65536,t=3,p=4"]


def test_an_early_return_hashes_nothing_for_an_unknown_name(
    hasher: CountingHasher,
) -> None:
    for name in ("alice", "nobody"):
        answer = client(wrong_early_return.app).post("/token", data=form(name, "wrong"))
        assert answer.status_code == 401
    assert hasher.hashes == [HASH]


async def log_in_at_once(count: int) -> list[int]:
    transport = ASGITransport(jwt_login.app)
    async with AsyncClient(transport=transport, base_url="http://test") as browser:
        calls = (browser.post("/token", data=form()) for _ in range(count))
        return [answer.status_code for answer in await asyncio.gather(*calls)]


def test_the_hash_is_computed_in_a_worker_thread(hasher: CountingHasher) -> None:
    assert asyncio.run(log_in_at_once(1)) == [200]
    assert hasher.threads[0] is not threading.main_thread()


def test_at_most_four_passwords_are_hashed_at_a_time_and_waiting_takes_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = threading.Event()
    entered: list[str | bytes] = []

    class SlowHasher:
        def verify(self, password: str | bytes, stored: str) -> bool:
            entered.append(password)
            return go_on.wait(PATIENCE)

    async def log_in_and_look() -> tuple[int, list[int]]:
        logins = asyncio.ensure_future(log_in_at_once(12))
        threads = current_default_thread_limiter()
        calm = 0
        while calm < 200:  # until no thread does anything but hash, and none is added
            await asyncio.sleep(0)
            hashing = len(entered)
            calm = calm + 1 if threads.borrowed_tokens == hashing > 0 else 0
        go_on.set()
        return hashing, await logins

    monkeypatch.setattr(jwt_login, "PASSWORDS", SlowHasher())
    hashing, answers = asyncio.run(asyncio.wait_for(log_in_and_look(), PATIENCE))
    assert hashing == 4
    assert answers == [200] * 12
    assert len(entered) == 12


def test_a_cancelled_login_frees_its_place_while_its_hash_runs_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = threading.Event()
    left: list[str | bytes] = []

    async def cancel_four() -> list[int]:
        loop, entered = asyncio.get_running_loop(), asyncio.Semaphore(0)

        class SlowHasher:
            def verify(self, password: str | bytes, stored: str) -> bool:
                loop.call_soon_threadsafe(entered.release)
                go_on.wait(PATIENCE)
                left.append(password)
                return True

        monkeypatch.setattr(jwt_login, "PASSWORDS", SlowHasher())
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as limit:
                cancelled = asyncio.ensure_future(log_in_at_once(4))
                for _ in range(4):
                    await entered.acquire()
                limit.reschedule(0)  # it is over
                await cancelled
        assert limit.expired()
        others = asyncio.ensure_future(log_in_at_once(4))
        for _ in range(4):
            await entered.acquire()
        assert not left  # eight at a time
        go_on.set()
        return await others

    answers = asyncio.run(asyncio.wait_for(cancel_four(), PATIENCE))
    assert answers == [200] * 4


def test_a_disabled_user_can_neither_log_in_nor_use_a_token(
    alice: jwt_login.StoredUser, hasher: CountingHasher
) -> None:
    issued = client().post("/token", data=form()).json()["access_token"]
    alice.disabled = True
    assert client().post("/token", data=form()).status_code == 401
    assert client().get("/me", headers=bearer(issued)).status_code == 401


def test_a_token_of_a_machine_whose_clock_is_ahead_opens_me(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(seconds=5)

    monkeypatch.setattr(jwt_login, "datetime", Ahead)
    login = client().post("/token", data=form()).json()
    assert client().get("/me", headers=bearer(login["access_token"])).status_code == 200


def test_a_scope_that_the_user_does_not_hold_is_not_granted(
    hasher: CountingHasher,
) -> None:
    login = client().post("/token", data=form(scope="items:read items:write")).json()
    assert login["scope"] == "items:read"
    assert client().post("/token", data=form()).json()["scope"] == ""
    claims = jwt.decode(login["access_token"], KEY, algorithms=["HS256"])
    assert claims["scope"] == "items:read"


def test_the_hash_is_in_no_answer_and_no_token(hasher: CountingHasher) -> None:
    login = client().post("/token", data=form()).json()
    claims = jwt.decode(login["access_token"], KEY, algorithms=["HS256"])
    me = client().get("/me", headers=bearer(login["access_token"]))
    assert set(claims) == {"sub", "scope", "exp"}
    assert set(me.json()) == {"username", "scopes"}


def test_without_a_key_the_application_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with client() as started:
        assert started.get("/me").status_code == 401
    monkeypatch.delenv("APP_JWT_KEY")
    jwt_login.get_settings.cache_clear()
    with pytest.raises(ValidationError), client():
        pass


def test_a_short_key_is_refused_and_not_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APP_JWT_KEY", "too-short-a-key")
    jwt_login.get_settings.cache_clear()
    with pytest.raises(ValidationError, match="at least 32") as caught:
        jwt_login.get_settings()
    assert "too-short-a-key" not in str(caught.value)


def test_the_length_of_the_key_is_counted_in_characters_not_in_random_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = secrets.token_hex(16)  # 16 random bytes
    monkeypatch.setenv("APP_JWT_KEY", key)
    jwt_login.get_settings.cache_clear()
    assert jwt_login.get_settings().jwt_key.get_secret_value() == key
    with client():
        pass  # it starts
    monkeypatch.setenv("APP_JWT_KEY", key[1:])
    jwt_login.get_settings.cache_clear()
    with pytest.raises(ValidationError), client():
        pass


def test_a_validation_error_of_the_settings_prints_the_secret_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Plain(jwt_login.Settings):
        model_config = SettingsConfigDict(hide_input_in_errors=False)

    monkeypatch.setenv("APP_JWT_KEY", "too-short-a-key")
    with pytest.raises(ValidationError) as caught:
        Plain()
    assert "too-short-a-key" in str(caught.value)


def test_pyjwt_warns_of_a_key_under_32_bytes() -> None:
    with pytest.warns(jwt.InsecureKeyLengthWarning, match="minimum .* of 32 bytes"):
        jwt.encode({"sub": "alice"}, "x" * 31, algorithm="HS256")


def test_a_token_without_exp_is_valid_for_ever_unless_exp_is_required() -> None:
    endless = token(exp=None)
    assert jwt.decode(endless, KEY, algorithms=["HS256"])["sub"] == "alice"
    with pytest.raises(jwt.MissingRequiredClaimError):
        jwt_login.read_claims(endless, jwt_login.get_settings())


def test_a_token_issued_without_exp_is_valid_in_a_hundred_years_and_refused_if_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(days=36500)

    endless, ending = wrong_no_exp.issue(42, KEY), required_exp.issue(42, KEY)
    assert wrong_no_exp.read(endless, KEY) == {"sub": "42"}
    assert required_exp.read(ending, KEY)["sub"] == "42"
    with pytest.raises(jwt.MissingRequiredClaimError, match='missing the "exp" claim'):
        required_exp.read(endless, KEY)
    monkeypatch.setattr("jwt.api_jwt.datetime", Later)
    assert wrong_no_exp.read(endless, KEY) == {"sub": "42"}
    with pytest.raises(jwt.ExpiredSignatureError):
        required_exp.read(ending, KEY)


def test_an_added_user_can_log_in_and_the_table_holds_a_hash() -> None:
    jwt_login.add_user("bob", PASSWORD, "items:write")
    assert jwt_login.USERS["bob"].password_hash.startswith("$argon2id$")
    login = client().post("/token", data=form("bob", scope="items:write"))
    assert login.json()["scope"] == "items:write"


def test_a_taken_name_is_refused_and_keeps_its_password() -> None:
    with pytest.raises(ValueError, match="taken"):
        jwt_login.add_user("alice", "the password of a stranger")
    assert client().post("/token", data=form()).status_code == 200
    stranger = form(password="the password of a stranger")
    assert client().post("/token", data=stranger).status_code == 401


def test_two_sign_ups_with_one_name_at_once_are_one_user_and_one_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both_are_hashing = threading.Barrier(2)

    class WaitingHasher:
        def hash(self, password: str) -> str:
            both_are_hashing.wait(PATIENCE)
            return f"hash of {password}"

    def sign_up(password: str) -> bool:
        try:
            jwt_login.add_user("bob", password)
        except ValueError:
            return False
        return True

    monkeypatch.setattr(jwt_login, "PASSWORDS", WaitingHasher())
    passwords = ["of the first", "of the second"]
    with ThreadPoolExecutor(2) as pool:
        added = dict(zip(passwords, pool.map(sign_up, passwords), strict=True))
    assert sorted(added.values()) == [False, True]
    kept = next(password for password in passwords if added[password])
    assert jwt_login.USERS["bob"].password_hash == f"hash of {kept}"


def test_a_name_that_is_given_to_somebody_else_inherits_the_tokens() -> None:
    of_the_first = bearer(token())
    del jwt_login.USERS["alice"]
    assert client().get("/me", headers=of_the_first).status_code == 401
    jwt_login.add_user("alice", "another password")
    assert client().get("/me", headers=of_the_first).status_code == 200


def test_an_empty_password_is_422() -> None:
    form = {"username": "alice", "password": ""}
    assert TestClient(jwt_login.app).post("/token", data=form).status_code == 422


def test_a_password_with_half_a_surrogate_pair_is_401() -> None:
    headers = {
        "Content-Type": "multipart/form-data; boundary=b; charset=unicode_escape"
    }
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("username", "alice"), ("password", r"\ud800"))
    ]
    body = "".join(parts) + "--b--\r\n"
    answer = client().post("/token", content=body, headers=headers)
    assert answer.status_code == 401


@pytest.mark.since(fastapi="0.164.0")
def test_a_large_file_in_place_of_the_name_is_413() -> None:
    name = {"username": ("a.txt", b"a" * 100_000)}
    answer = client().post("/token", files=name, data={"password": PASSWORD})
    assert answer.status_code == 413


def test_a_login_with_json_is_422_for_username_and_password() -> None:
    answer = client().post("/token", json={"username": "alice", "password": PASSWORD})
    assert answer.status_code == 422
    places = [error["loc"] for error in answer.json()["detail"]]
    assert places == [["body", "username"], ["body", "password"]]


def test_a_numeric_sub_is_signed_but_refused_when_it_is_read() -> None:
    signed = token(sub=42)
    with pytest.raises(InvalidSubjectError, match="Subject must be a string"):
        jwt.decode(signed, KEY, algorithms=["HS256"])


def test_decode_without_algorithms_raises() -> None:
    with pytest.raises(jwt.DecodeError, match='value for the "algorithms" argument'):
        jwt.decode(token(), KEY)


def test_without_verification_anybody_can_be_anyone_for_ever() -> None:
    past = datetime.now(UTC) - timedelta(days=1000)
    forged = token("the key of an attacker, long enough", exp=past)
    for sent in (forged, unsigned_token()):
        answer = client(wrong_unverified_claims.app).get("/me", headers=bearer(sent))
        assert answer.json() == "alice"


def test_whoever_reads_the_code_can_sign_a_token() -> None:
    published = wrong_key_in_code.SECRET_KEY
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        forged = token(published, sub="admin")
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        answer = client(wrong_key_in_code.app).get("/me", headers=bearer(forged))
    assert answer.json() == "admin"


def test_the_standard_extra_brings_the_command_the_form_reader_and_the_settings() -> (
    None
):
    needs = requires("fastapi") or []
    for package in ("fastapi-cli", "python-multipart", "pydantic-settings"):
        found = [line for line in needs if line.startswith(package)]
        assert any('extra == "standard"' in line for line in found)
        assert all("extra ==" in line for line in found)  # not without the extra


def test_fastapi_contains_no_jwt_code() -> None:
    needs = " ".join(requires("fastapi") or []).lower()
    assert "starlette" in needs
    assert not re.search("jwt|jose|pwdlib|passlib|argon2", needs)


def test_the_security_class_reads_the_header_and_checks_no_token() -> None:
    app = FastAPI()
    scheme = OAuth2PasswordBearer(tokenUrl="token")

    @app.get("/")
    async def read(token: Annotated[str, Depends(scheme)]) -> str:
        return token

    assert client(app).get("/", headers=bearer("anything")).json() == "anything"
    assert client(app).get("/").status_code == 401


def test_scopes_are_collected_by_fastapi_and_compared_by_nobody_else() -> None:
    app = FastAPI()
    scheme = OAuth2PasswordBearer(tokenUrl="token", scopes={"admin": "All"})

    @app.get("/")
    async def read(token: Annotated[str, Security(scheme, scopes=["admin"])]) -> str:
        return token

    assert client(app).get("/", headers=bearer("no scope")).status_code == 200


def test_the_login_takes_a_form_and_refuses_json() -> None:
    answer = client().post("/token", json=form())
    assert answer.status_code == 422
    missing = [(error["type"], error["loc"]) for error in answer.json()["detail"]]
    expected = [["body", "username"], ["body", "password"]]
    assert missing == [("missing", place) for place in expected]


def test_a_form_without_python_multipart_fails_when_the_route_is_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("python_multipart", "multipart", "multipart.multipart"):
        monkeypatch.setitem(sys.modules, module, None)

    def login(username: Annotated[str, Form()]) -> None: ...

    with pytest.raises(RuntimeError, match='Form data requires "python-multipart"'):
        FastAPI().post("/token")(login)


def test_a_rehash_is_offered_when_the_parameters_were_raised() -> None:
    old = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=1024),)).hash("pw")
    valid, updated = jwt_login.PASSWORDS.verify_and_update("pw", old)
    assert valid
    assert updated is not None
    assert "m=65536,t=3" in updated
