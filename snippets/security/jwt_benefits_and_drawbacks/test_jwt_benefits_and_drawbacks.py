import json
import os
import secrets
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import jwt
import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from itsdangerous import TimestampSigner
from starlette.middleware.sessions import SessionMiddleware

from snippets.conftest import refusal_to_start
from snippets.security.jwt_benefits_and_drawbacks import (
    role_from_table,
    server_session,
    token_size,
    wrong_role_from_token,
    wrong_session_middleware,
)

Recorder = Callable[[str, str], None]
KEY = secrets.token_urlsafe(32)
BOTH = [wrong_role_from_token, role_from_table]


class Table(dict[str, Any]):
    """A table that counts how often it is read."""

    reads = 0

    def get(self, key: str, default: Any = None) -> Any:
        self.reads += 1
        return super().get(key, default)


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_KEY", KEY)
    monkeypatch.setattr(server_session, "SESSIONS", {})
    alice = server_session.User(name="alice", role="admin")
    monkeypatch.setattr(server_session, "USERS", {42: alice})
    for module in BOTH:
        user = module.User(name="alice", role="admin")
        monkeypatch.setattr(module, "USERS", Table(alice=user))


def token(role: str = "admin", minutes: int = 15, key: str = KEY) -> str:
    ends = datetime.now(UTC) + timedelta(minutes=minutes)
    return jwt.encode({"sub": "alice", "role": role, "exp": ends}, key, "HS256")


def delete(module: ModuleType, bearer: str) -> int:
    client = TestClient(module.app)
    headers = {"Authorization": f"Bearer {bearer}"}
    return client.delete("/articles/1", headers=headers).status_code


def test_a_claim_keeps_its_value_until_the_token_expires(recorded: Recorder) -> None:
    bearer = token()
    lines = [f"{'':22}{'role claim':>12}{'role in table':>15}"]

    def step(name: str, bearer: str) -> list[int]:
        answers = [delete(module, bearer) for module in BOTH]
        lines.append(f"{name:22}{answers[0]:>12}{answers[1]:>15}")
        return answers

    assert step("logged in as admin", bearer) == [200, 200]
    for module in BOTH:
        module.USERS["alice"].role = "reader"
    assert step("role taken away", bearer) == [200, 403]
    for module in BOTH:
        del module.USERS["alice"]
    assert step("account deleted", bearer) == [200, 401]
    assert step("token expired", token(minutes=-1)) == [401, 401]
    recorded("stale.txt", "\n".join(lines))


def test_verification_reads_no_table_and_the_current_role_needs_one_read() -> None:
    bearer = token()
    assert [delete(module, bearer) for module in BOTH] == [200, 200]
    assert [module.USERS.reads for module in BOTH] == [0, 1]


@pytest.mark.parametrize("key", [None, "", "short"])
def test_without_a_key_the_application_does_not_start(
    monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    app = role_from_table.app
    with TestClient(app) as client:
        assert client.delete("/articles/1").status_code == 401
    refusal = refusal_to_start(monkeypatch, app, "JWT_KEY", key)
    assert "JWT_KEY is missing" in refusal


def test_a_token_of_a_clock_that_is_ahead_by_seconds_is_taken() -> None:
    now = datetime.now(UTC)
    times = {"iat": now + timedelta(seconds=5), "exp": now + timedelta(minutes=15)}
    bearer = jwt.encode({"sub": "alice"} | times, KEY, "HS256")
    assert delete(role_from_table, bearer) == 200


def test_whoever_can_verify_with_a_shared_key_can_sign_for_anybody() -> None:
    key_of_the_verifier = os.environ["JWT_KEY"]
    assert delete(wrong_role_from_token, token(key=key_of_the_verifier)) == 200
    assert delete(wrong_role_from_token, token(key=secrets.token_urlsafe(32))) == 401


def test_each_claim_makes_every_request_larger(recorded: Recorder) -> None:
    sizes = {
        "session id (32 random bytes)": len(secrets.token_urlsafe(32)),
        "JWT with sub and exp": token_size.token_size(0),
        "... and 10 permissions": token_size.token_size(10),
        "... and 100 permissions": token_size.token_size(100),
        "... and 200 permissions": token_size.token_size(200),
    }
    assert sizes["... and 200 permissions"] > 4096  # a browser's limit for a cookie
    assert sizes["... and 100 permissions"] < 4096
    lines = [f"{name:30}{size:>6} bytes" for name, size in sizes.items()]
    recorded("sizes.txt", "\n".join(lines))


@pytest.fixture
def logged_in() -> Iterator[TestClient]:
    app = server_session.app
    app.dependency_overrides[server_session.check_password] = lambda: 42
    client = browser(app)
    assert client.post("/login").status_code == 204
    yield client
    app.dependency_overrides.clear()


def browser(app: FastAPI) -> TestClient:
    return TestClient(app, base_url="https://testserver")


def copy_of(client: TestClient) -> TestClient:
    """A thief with the same cookies."""
    thief = browser(client.app)  # type: ignore[arg-type]
    thief.cookies.update(client.cookies)
    return thief


def test_a_logout_ends_a_server_session_for_every_copy_of_the_cookie(
    logged_in: TestClient,
) -> None:
    thief = copy_of(logged_in)
    assert thief.get("/me").json()["name"] == "alice"
    assert logged_in.post("/logout").status_code == 204
    assert thief.get("/me").status_code == 401
    assert logged_in.get("/me").status_code == 401


def test_role_and_deletion_count_from_the_next_request_on(
    logged_in: TestClient, recorded: Recorder
) -> None:
    lines = []

    def step(name: str) -> None:
        answer = logged_in.get("/me")
        lines.append(f"{name:16}{answer.status_code} {answer.text}")

    step("logged in")
    server_session.USERS[42].role = "reader"
    step("role taken away")
    del server_session.USERS[42]
    step("account deleted")
    recorded("session.txt", "\n".join(lines))
    assert logged_in.get("/me").status_code == 401


def test_a_new_log_in_ends_no_other_session_and_expired_rows_stay(
    logged_in: TestClient,
) -> None:
    thief = copy_of(logged_in)
    assert logged_in.post("/login").status_code == 204  # with the new password
    assert len(server_session.SESSIONS) == 2
    assert thief.get("/me").status_code == 200
    for session in server_session.SESSIONS.values():
        session.ends = datetime.now(UTC)
    assert thief.get("/me").status_code == 401
    assert len(server_session.SESSIONS) == 2


def test_a_logout_without_a_session_is_401_and_a_second_one_is_204(
    logged_in: TestClient,
) -> None:
    again = copy_of(logged_in)
    assert browser(server_session.app).post("/logout").status_code == 401
    assert logged_in.post("/logout").status_code == 204
    assert again.post("/logout").status_code == 204


def test_the_session_checks_no_origin(logged_in: TestClient) -> None:
    origin = {"Origin": "https://other.example"}
    assert logged_in.post("/logout", headers=origin).status_code == 204
    assert logged_in.get("/me").status_code == 401


def test_a_server_session_ends_by_time_and_the_table_holds_no_cookie(
    logged_in: TestClient,
) -> None:
    (key,) = server_session.SESSIONS
    assert logged_in.cookies["__Host-session"] != key
    server_session.SESSIONS[key].ends = datetime.now(UTC)
    assert logged_in.get("/me").status_code == 401


def test_the_cookie_is_host_only_secure_and_hidden_from_scripts() -> None:
    app = server_session.app
    app.dependency_overrides[server_session.check_password] = lambda: 42
    cookie = browser(app).post("/login").headers["set-cookie"]
    app.dependency_overrides.clear()
    assert cookie.startswith("__Host-session=")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"httponly", "path=/", "samesite=lax", "secure"}


def test_nobody_logs_in_before_a_password_check_is_put_in() -> None:
    assert browser(server_session.app).post("/login").status_code == 401


def test_session_middleware_keeps_the_session_in_a_readable_cookie() -> None:
    client = browser(wrong_session_middleware.app)
    client.post("/login")
    payload = client.cookies["session"].split(".")[0]
    assert json.loads(b64decode(payload)) == {"user": "alice"}


def test_a_copied_session_middleware_cookie_works_after_the_logout() -> None:
    client = browser(wrong_session_middleware.app)
    login = client.post("/login")
    assert f"Max-Age={14 * 24 * 3600}" in login.headers["set-cookie"]
    thief = copy_of(client)
    client.post("/logout")
    assert client.get("/me").status_code == 401
    assert thief.get("/me").json() == "alice"


def test_a_copied_session_middleware_cookie_renews_itself_where_the_session_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = FastAPI()
    app.include_router(wrong_session_middleware.app.router)
    app.add_middleware(SessionMiddleware, secret_key=KEY)

    @app.post("/visits")
    async def visits(request: Request) -> None:
        request.session["visits"] = request.session.get("visits", 0) + 1

    client = browser(app)
    client.post("/login")
    thief = copy_of(client)
    client.post("/logout")
    start = time.time()
    for day in range(13, 60, 13):
        now = int(start + day * 24 * 3600)
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _, now=now: now)
        cookie = thief.post("/visits").headers["set-cookie"]
        thief.cookies.clear()
        thief.cookies.set("session", cookie.split("=", 1)[1].split(";")[0])
        assert thief.get("/me").json() == "alice"
    later = now + 15 * 24 * 3600
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: later)
    assert thief.get("/me").status_code == 401
