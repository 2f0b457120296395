import asyncio
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import jwt
import pytest
from fastapi import Cookie, FastAPI, Response
from fastapi.testclient import TestClient
from httpx2 import Response as Answer
from pydantic import ValidationError

from snippets.security.revoking_tokens import (
    refresh_tokens,
    wrong_logout_on_the_client,
    wrong_refresh_jwt,
)
from snippets.security.revoking_tokens.refresh_tokens import (
    ACCESS_LIFETIME,
    IDLE_LIFETIME,
    SESSION_LIFETIME,
    Store,
    app,
    get_clock,
    get_settings,
    get_store,
)

OLD, NEW = "old key " * 5, "new key " * 5
MINUTE = timedelta(minutes=1)
Recorder = Callable[[str, str], None]


class FakeClock:
    """A clock that tests set. PyJWT reads the real one, so it never runs ahead of that."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, Any], None]]:
    def configure(signing: str, keys: dict[str, str]) -> None:
        monkeypatch.setenv("APP_JWT_KEYS", json.dumps(keys))
        monkeypatch.setenv("APP_JWT_SIGNING_KID", signing)
        get_settings.cache_clear()

    configure("old", {"old": OLD})
    yield configure
    get_settings.cache_clear()


@pytest.fixture(autouse=True)
def clock() -> Iterator[FakeClock]:
    fake = FakeClock()
    app.dependency_overrides[get_clock] = lambda: fake
    yield fake
    app.dependency_overrides.clear()


@pytest.fixture(autouse=True)
def store(clock: FakeClock) -> Store:
    fresh = Store()
    app.dependency_overrides[get_store] = lambda: fresh
    app.dependency_overrides[refresh_tokens.authenticate] = lambda: "alice"
    return fresh


@pytest.fixture
def client() -> TestClient:
    return TestClient(app)


def log_in(client: TestClient) -> Any:
    return client.post("/token").raise_for_status().json()


def refresh(client: TestClient, tokens: Any) -> Answer:
    return client.post("/refresh", json={"refresh_token": tokens["refresh_token"]})


def log_out(client: TestClient, tokens: Any) -> Answer:
    return client.post("/logout", json={"refresh_token": tokens["refresh_token"]})


def status(client: TestClient, tokens: Any) -> int:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return client.get("/me", headers=headers).status_code


def test_a_stolen_refresh_token_ends_the_session_when_it_is_used_again(
    client: TestClient, recorded: Recorder
) -> None:
    steps: list[str] = []

    def step(who: str, what: str, response: Answer | int) -> None:
        code = response if isinstance(response, int) else response.status_code
        steps.append(f"{who:6} {what:38} {code}")

    first = log_in(client)
    stolen = dict(first)
    answer = refresh(client, first)
    second = answer.json()
    step("user", "refreshes with token 1, gets token 2", answer)
    step("user", "calls the API", status(client, second))
    step("thief", "refreshes with token 1", refresh(client, stolen))
    step("user", "calls the API", status(client, second))
    step("user", "refreshes with token 2", refresh(client, second))
    assert [line[-3:] for line in steps] == ["200", "200", "401", "401", "401"]
    recorded("reuse.txt", "\n".join(steps))


def test_the_same_happens_when_the_thief_refreshes_first(client: TestClient) -> None:
    first = log_in(client)
    of_the_thief = refresh(client, first).json()
    assert refresh(client, first).status_code == 401
    assert status(client, of_the_thief) == 401
    assert refresh(client, of_the_thief).status_code == 401


def test_a_session_of_another_device_goes_on(client: TestClient) -> None:
    phone, laptop = log_in(client), log_in(client)
    refresh(client, phone)
    refresh(client, phone)
    assert status(client, laptop) == 200
    assert refresh(client, laptop).status_code == 200


def test_the_store_holds_no_refresh_token(client: TestClient, store: Store) -> None:
    tokens = log_in(client)
    assert tokens["refresh_token"] not in repr(store)
    assert refresh_tokens.digest(tokens["refresh_token"]) in store.sessions
    assert len(tokens["refresh_token"]) == 43  # 32 bytes
    assert "." not in tokens["refresh_token"]


def test_the_access_token_expires_and_a_refresh_gives_a_new_one(
    client: TestClient, clock: FakeClock
) -> None:
    clock.time = datetime.now(UTC) - ACCESS_LIFETIME - MINUTE
    tokens = log_in(client)
    assert status(client, tokens) == 401
    clock.time = datetime.now(UTC)
    assert status(client, refresh(client, tokens).json()) == 200


def test_an_unused_refresh_token_expires(client: TestClient, clock: FakeClock) -> None:
    now = clock.time
    clock.time = now - IDLE_LIFETIME
    tokens = log_in(client)
    clock.time = now - MINUTE
    tokens = refresh(client, tokens).json()
    clock.time = now - MINUTE + IDLE_LIFETIME
    assert refresh(client, tokens).status_code == 401


def test_refreshing_does_not_prolong_the_session_beyond_its_end(
    client: TestClient, clock: FakeClock
) -> None:
    start = clock.time - SESSION_LIFETIME
    clock.time = start
    tokens = log_in(client)
    for days in (6, 12, 18, 24, 29):
        clock.time = start + timedelta(days=days)
        answer = refresh(client, tokens)
        assert answer.status_code == 200
        tokens = answer.json()
    clock.time = start + SESSION_LIFETIME
    assert refresh(client, tokens).status_code == 401


def test_after_a_logout_neither_token_works(client: TestClient) -> None:
    tokens = log_in(client)
    assert status(client, tokens) == 200
    assert log_out(client, tokens).status_code == 204
    assert status(client, tokens) == 401
    assert refresh(client, tokens).status_code == 401


def test_a_logout_needs_no_valid_access_token(
    client: TestClient, clock: FakeClock
) -> None:
    clock.time = datetime.now(UTC) - ACCESS_LIFETIME - MINUTE
    tokens = log_in(client)
    assert status(client, tokens) == 401
    assert log_out(client, tokens).status_code == 204
    assert refresh(client, tokens).status_code == 401


def test_a_logout_also_ends_the_access_tokens_of_earlier_refreshes(
    client: TestClient,
) -> None:
    first = log_in(client)
    second = refresh(client, first).json()
    assert [status(client, first), status(client, second)] == [200, 200]
    log_out(client, second)
    assert [status(client, first), status(client, second)] == [401, 401]


def test_the_denylist_forgets_a_session_when_its_tokens_have_expired(
    client: TestClient, clock: FakeClock, store: Store
) -> None:
    clock.time -= timedelta(hours=1)
    log_out(client, log_in(client))
    clock.time += ACCESS_LIFETIME + refresh_tokens.LEEWAY
    log_out(client, log_in(client))
    assert len(store.denied) == 1


def test_a_higher_version_ends_every_session_of_the_user(
    client: TestClient, store: Store
) -> None:
    phone, laptop = log_in(client), log_in(client)
    headers = {"Authorization": f"Bearer {phone['access_token']}"}
    assert client.post("/logout-everywhere", headers=headers).status_code == 204
    for tokens in (phone, laptop):
        assert status(client, tokens) == 401
        assert refresh(client, tokens).status_code == 401
    assert status(client, log_in(client)) == 200


def test_log_out_everywhere_counts_from_what_is_stored(store: Store) -> None:
    store.versions["alice"] = 8  # raised between the check and this step
    asyncio.run(refresh_tokens.logout_everywhere({"sub": "alice", "ver": 7}, store))
    assert store.versions["alice"] == 9
    del store.versions["alice"]  # or deleted
    asyncio.run(refresh_tokens.logout_everywhere({"sub": "alice", "ver": 7}, store))
    assert "alice" not in store.versions


def test_a_deleted_user_is_out_at_once(client: TestClient, store: Store) -> None:
    tokens = log_in(client)
    del store.versions["alice"]
    assert status(client, tokens) == 401
    assert refresh(client, tokens).status_code == 401


def test_a_new_account_of_the_same_name_does_not_inherit_tokens(
    client: TestClient, store: Store
) -> None:
    of_the_first = log_in(client)
    del store.versions["alice"]
    assert status(client, log_in(client)) == 200
    assert status(client, of_the_first) == 401
    assert refresh(client, of_the_first).status_code == 401


def test_the_hashes_of_a_session_are_deleted_after_its_end(
    client: TestClient, store: Store, clock: FakeClock
) -> None:
    now = clock.time
    clock.time = now - SESSION_LIFETIME
    tokens = log_in(client)
    for _ in range(5):
        tokens = refresh(client, tokens).json()
    assert len(store.sessions) == 6
    clock.time = now
    log_in(client)
    assert len(store.sessions) == 1


def test_the_hashes_of_an_idle_session_are_deleted_and_the_version_fits_an_integer(
    client: TestClient, store: Store, clock: FakeClock
) -> None:
    now = clock.time
    clock.time = now - timedelta(days=7)
    tokens = log_in(client)
    clock.time = now
    log_in(client)
    assert len(store.sessions) == 1
    assert refresh(client, tokens).status_code == 401
    assert store.versions["alice"] < 2**31 - 1  # a signed column of 32 bits


def test_a_client_that_repeats_a_refresh_whose_answer_was_lost_is_logged_out(
    client: TestClient,
) -> None:
    tokens = log_in(client)
    refresh(client, tokens)  # the answer never arrives
    assert refresh(client, tokens).status_code == 401
    assert status(client, tokens) == 401


@pytest.mark.parametrize(
    ("current", "revoked", "idle_until", "ends", "until"),
    [
        ("old", False, 11, 30, 20),
        ("old", False, 11, 15, 15),
        ("newer", False, 11, 30, None),
        ("old", True, 11, 30, None),
        ("old", False, 10, 30, None),
    ],
)
def test_the_statement_of_the_page_replaces_only_a_valid_token_and_keeps_the_end(
    current: str, revoked: bool, idle_until: int, ends: int, until: int | None
) -> None:
    page = Path(__file__).parents[3] / "docs/security/revoking-tokens.md"
    [statement] = re.findall("`(UPDATE [^`]+)`", page.read_text(encoding="utf-8"))
    table = sqlite3.connect(":memory:")
    table.create_function("LEAST", 2, min)  # PostgreSQL's name of it
    table.execute("CREATE TABLE sessions (current, revoked, idle_until, ends)")
    row = (current, revoked, idle_until, ends)
    table.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", row)
    values = {"new": "new", "old": "old", "now": 10, "until": 20}
    done = table.execute(statement.replace("…", "sessions"), values)
    assert done.rowcount == (until is not None)
    after = row if until is None else ("new", revoked, until, ends)
    assert table.execute("SELECT * FROM sessions").fetchone() == after
    table.close()


def test_a_refresh_cookie_needs_cookie_and_one_common_path() -> None:
    cookie_app = FastAPI()

    @cookie_app.post("/login")
    async def login(response: Response) -> None:
        response.set_cookie("refresh", "t", path="/session", httponly=True)

    for path in ("/session/refresh", "/session/logout", "/refresh"):

        @cookie_app.post(path)
        async def read(refresh: Annotated[str | None, Cookie()] = None) -> str | None:
            return refresh

    browser = TestClient(cookie_app)
    browser.post("/login")
    assert browser.post("/session/refresh").json() == "t"
    assert browser.post("/session/logout").json() == "t"
    assert browser.post("/refresh").json() is None


def test_a_short_key_is_refused(keys: Callable[[str, Any], None]) -> None:
    keys("old", {"old": "x" * 31})
    with pytest.raises(ValidationError, match="at least 32"):
        get_settings()


def test_keys_are_changed_without_logging_anybody_out(
    client: TestClient, keys: Callable[[str, Any], None]
) -> None:
    before = log_in(client)
    assert jwt.get_unverified_header(before["access_token"])["kid"] == "old"
    keys("old", {"old": OLD, "new": NEW})  # 1. every process knows both
    assert status(client, before) == 200
    keys("new", {"old": OLD, "new": NEW})  # 2. the new one signs
    after = log_in(client)
    assert jwt.get_unverified_header(after["access_token"])["kid"] == "new"
    assert [status(client, before), status(client, after)] == [200, 200]
    keys("new", {"new": NEW})  # 3. the old one is dropped
    assert [status(client, before), status(client, after)] == [401, 200]


def test_refresh_tokens_survive_a_change_of_keys(
    client: TestClient, keys: Callable[[str, Any], None]
) -> None:
    before = log_in(client)
    keys("new", {"new": NEW})
    assert status(client, before) == 401
    assert status(client, refresh(client, before).json()) == 200


def test_a_refresh_that_fails_to_sign_uses_up_no_refresh_token(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = log_in(client)
    failing = TestClient(app, raise_server_exceptions=False)
    with monkeypatch.context() as broken:
        broken.delattr(jwt, "encode")
        assert refresh(failing, tokens).status_code == 500
    assert refresh(client, tokens).status_code == 200


@pytest.mark.parametrize("kid", ["unknown", "../old", None])
def test_the_kid_chooses_among_our_keys_only(
    client: TestClient, kid: str | None
) -> None:
    now = datetime.now(UTC)
    claims = {"sub": "alice", "sid": "1", "ver": 0, "iat": now, "exp": now + MINUTE}
    headers = {"kid": kid} if kid else {}
    forged = jwt.encode(claims, "a key of the attacker, of 32 bytes", "HS256", headers)
    assert status(client, {"access_token": forged}) == 401


def test_the_leeway_bridges_clocks_that_differ_by_seconds(
    client: TestClient, clock: FakeClock
) -> None:
    clock.time = datetime.now(UTC) + timedelta(seconds=20)  # issuer ahead
    ahead = log_in(client)
    assert status(client, ahead) == 200
    with pytest.raises(jwt.ImmatureSignatureError):
        jwt.decode(ahead["access_token"], OLD, algorithms=["HS256"])
    clock.time = datetime.now(UTC) - ACCESS_LIFETIME - timedelta(seconds=5)
    assert status(client, log_in(client)) == 200
    clock.time = datetime.now(UTC) - ACCESS_LIFETIME - MINUTE
    assert status(client, log_in(client)) == 401


def test_the_login_refuses_everybody_until_a_password_check_is_put_in() -> None:
    app.dependency_overrides.pop(refresh_tokens.authenticate)
    assert TestClient(app).post("/token").status_code == 401


def test_a_copied_token_outlives_a_logout_that_only_deletes_the_cookie(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wrong_logout_on_the_client, "KEYS", [OLD])
    with TestClient(wrong_logout_on_the_client.app) as browser:
        browser.post("/login")
        copied = browser.cookies["access_token"]
        browser.post("/logout")
        assert "access_token" not in browser.cookies
        assert browser.get("/me").status_code == 401
    thief = TestClient(wrong_logout_on_the_client.app)
    thief.cookies.set("access_token", copied)
    assert thief.get("/me").json() == "alice"


def test_a_refresh_token_in_the_form_of_a_jwt_is_an_access_token_for_a_month(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wrong_refresh_jwt, "KEYS", [OLD])
    client = TestClient(wrong_refresh_jwt.app)
    token = client.post("/login").json()["refresh_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/me", headers=headers).json() == "alice"


def test_a_refresh_token_in_the_form_of_a_jwt_can_be_used_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wrong_refresh_jwt, "KEYS", [OLD])
    client = TestClient(wrong_refresh_jwt.app)
    tokens = client.post("/login").json()
    assert [refresh(client, tokens).status_code for _ in range(3)] == [200] * 3


def test_an_opaque_refresh_token_is_no_access_token(client: TestClient) -> None:
    token = log_in(client)["refresh_token"]
    assert status(client, {"access_token": token}) == 401


@pytest.mark.since(fastapi="0.164.0")
@pytest.mark.parametrize("path", ["/refresh", "/logout"])
def test_a_large_body_is_413_and_is_not_sent_back(
    client: TestClient, path: str
) -> None:
    large = {"refresh_token": ["a"] * 50_000}
    assert client.post(path, json=large).status_code == 413


@pytest.mark.parametrize("kid", ["new", "", "Old"])
def test_without_the_key_that_signs_the_application_does_not_start(
    client: TestClient, keys: Callable[[str, Any], None], kid: str
) -> None:
    with client:
        pass
    keys(kid, {"old": OLD})
    with pytest.raises(ValidationError, match="names no key") as caught, client:
        pass
    assert OLD not in str(caught.value)
    keys("old", {"old": "short"})
    with pytest.raises(ValidationError, match="at least 32"), client:
        pass
