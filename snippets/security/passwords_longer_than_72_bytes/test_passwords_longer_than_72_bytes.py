import importlib
import logging
import re
import secrets
import sqlite3
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import uuid4

import bcrypt
import jwt
import pytest
from fastapi.testclient import TestClient
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.bcrypt import BcryptHasher
from pydantic import SecretStr

from snippets.conftest import PATIENCE, ROOT
from snippets.security.passwords_longer_than_72_bytes import (
    argon2_only,
    move_to_argon2,
    wrong_cut,
)

FOLDER = "snippets.security.passwords_longer_than_72_bytes"
SHORT = "correct horse battery staple"
QUICK = 4  # rounds of bcrypt, so that the tests do not take long


def text_of(call: Callable[[], Any]) -> str:
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


@pytest.fixture
def wrong_passlib() -> ModuleType:
    """Import passlib, which imports `crypt`, which Python deprecates."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(f"{FOLDER}.wrong_passlib")


def old_hash(password: bytes) -> str:
    """Return what bcrypt before 5.0 stored: it took 72 bytes, and said nothing."""
    return bcrypt.hashpw(password[:72], bcrypt.gensalt(QUICK)).decode()


# --- The error


def test_passlib_fails_with_bcrypt_5_for_a_short_password(
    wrong_passlib: ModuleType, recorded: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    said = text_of(lambda: wrong_passlib.get_password_hash("short"))
    stored = old_hash(b"short")
    assert text_of(lambda: wrong_passlib.pwd_context.verify("short", stored)) == said
    trapped = [str(one.exc_info[1]) for one in caplog.records if one.exc_info]
    about = text_of(lambda: getattr(bcrypt, "__about__"))  # noqa: B009
    assert set(trapped) <= {about.partition(": ")[2]}  # logged once in a process
    recorded(
        "passlib.txt", f"(trapped) error reading bcrypt version\n{about}\n\n{said}"
    )


def test_bcrypt_5_refuses_73_bytes_and_not_72(recorded: Any) -> None:
    salt = bcrypt.gensalt(QUICK)
    assert bcrypt.hashpw(b"x" * 72, salt)
    said = text_of(lambda: bcrypt.hashpw(b"x" * 73, salt))
    stored = bcrypt.hashpw(b"x" * 72, salt)
    assert text_of(lambda: bcrypt.checkpw(b"x" * 73, stored)) == said
    recorded("bcrypt.txt", said)


def test_the_limit_counts_bytes_and_not_characters() -> None:
    assert len(("\N{GRINNING FACE}" * 19).encode()) == 76


def test_argon2_takes_a_long_password_whole() -> None:
    long = "x" * 200
    stored = argon2_only.get_password_hash(long)
    assert argon2_only.passwords.verify(long, stored)
    assert not argon2_only.passwords.verify(long[:-1], stored)


# --- Moving


def test_a_login_moves_the_hash_and_the_next_one_leaves_it(
    monkeypatch: pytest.MonkeyPatch, recorded: Any
) -> None:
    users = {"alice": BcryptHasher().hash(SHORT)}
    monkeypatch.setattr(move_to_argon2, "USERS", users)
    client = TestClient(move_to_argon2.app)
    lines = []

    def login(password: str) -> None:
        form = {"username": "alice", "password": password}
        status = client.post("/login", data=form).status_code
        kind = users["alice"].rpartition("$")[0].split("$")
        lines.append(f"{status}  {'$'.join(kind[:-1] if len(kind) > 3 else kind)}$...")

    lines.append(f"     {users['alice'][:7]}...")
    login("wrong")
    login(SHORT)
    moved = users["alice"]
    login(SHORT)
    assert users["alice"] == moved
    recorded("moved.txt", "\n".join(lines))


def test_an_old_password_of_more_than_72_bytes_still_opens_and_is_whole_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long = "\N{GRINNING FACE}" * 25  # 100 bytes
    users = {"bob": old_hash(long.encode())}
    monkeypatch.setattr(move_to_argon2, "USERS", users)
    client = TestClient(move_to_argon2.app)

    def login(password: str) -> int:
        form = {"username": "bob", "password": password}
        return client.post("/login", data=form).status_code

    assert login(long) == 204
    assert users["bob"].startswith("$argon2id$")
    assert login(long[:18]) == 401
    assert login(long) == 204


def test_a_mistake_after_72_bytes_is_in_the_new_hash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    users = {"bob": old_hash(b"x" * 80)}
    monkeypatch.setattr(move_to_argon2, "USERS", users)
    client = TestClient(move_to_argon2.app)
    answers = []
    for password in ("x" * 79 + "y", "x" * 80):
        form = {"username": "bob", "password": password}
        answers.append(client.post("/login", data=form).status_code)
    assert answers == [204, 401]


def test_four_logins_hash_at_once_and_the_next_one_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inside, leave = threading.Semaphore(0), threading.Event()

    class Slow:
        def verify_and_update(self, *arguments: object) -> tuple[bool, None]:
            inside.release()
            assert leave.wait(PATIENCE)
            return False, None

    monkeypatch.setattr(move_to_argon2, "PASSWORDS", Slow())
    with ThreadPoolExecutor() as pool:
        logins = [
            pool.submit(move_to_argon2.login, f"user {number}", "secret")
            for number in range(4)
        ]
        for _ in logins:
            assert inside.acquire(timeout=PATIENCE)
        more = move_to_argon2.HASHING.acquire(blocking=False)
        leave.set()
    assert not more
    assert {getattr(login.exception(), "status_code", 0) for login in logins} == {401}
    assert f"$m={64 * 1024}," in move_to_argon2.DUMMY_HASH  # KiB


def test_a_hash_of_argon2_is_longer_than_one_of_bcrypt() -> None:
    assert len(move_to_argon2.DUMMY_HASH) == 97
    assert len(old_hash(b"secret")) == 60


def test_the_bcrypt_of_pwdlib_alone_fails_at_a_long_password() -> None:
    both = PasswordHash((*PasswordHash.recommended().hashers, BcryptHasher()))
    said = text_of(lambda: both.verify("x" * 73, old_hash(b"x" * 73)))
    assert said.startswith("ValueError: password cannot be longer than 72 bytes")


def test_a_password_that_was_changed_meanwhile_is_not_overwritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    users = {"alice": "new"}
    monkeypatch.setattr(move_to_argon2, "USERS", users)
    move_to_argon2.replace_hash("alice", "old", "of the old password")
    assert users == {"alice": "new"}


def test_unknown_users_and_absurd_passwords_are_refused() -> None:
    client = TestClient(move_to_argon2.app)
    form = {"username": "nobody", "password": SHORT}
    assert client.post("/login", data=form).status_code == 401
    form = {"username": "alice", "password": "x" * 1001}
    assert client.post("/login", data=form).status_code == 422


@pytest.mark.since(fastapi="0.164.0")
def test_a_large_file_in_place_of_the_name_is_413() -> None:
    name = {"username": ("a.txt", b"a" * 100_000)}
    client = TestClient(move_to_argon2.app)
    answer = client.post("/login", files=name, data={"password": SHORT})
    assert answer.status_code == 413


def test_a_password_with_half_a_surrogate_pair_is_refused() -> None:
    headers = {
        "Content-Type": "multipart/form-data; boundary=b; charset=unicode_escape"
    }
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("username", "alice"), ("password", r"\ud800"))
    ]
    client = TestClient(move_to_argon2.app)
    body = "".join(parts) + "--b--\r\n"
    assert client.post("/login", content=body, headers=headers).status_code == 401


def test_an_unknown_name_costs_argon2_and_a_wrong_password_of_an_old_user_bcrypt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    users = {"old": old_hash(SHORT.encode()), "new": move_to_argon2.DUMMY_HASH}
    monkeypatch.setattr(move_to_argon2, "USERS", users)
    used: list[str] = []

    def watch(hasher: Any) -> None:
        verify = hasher.verify

        def watched(*args: Any) -> Any:
            used.append(type(hasher).__name__)
            return verify(*args)

        monkeypatch.setattr(hasher, "verify", watched)

    for hasher in move_to_argon2.PASSWORDS.hashers:
        watch(hasher)
    client = TestClient(move_to_argon2.app)
    for name in ("nobody", "new", "old"):
        form = {"username": name, "password": "wrong"}
        assert client.post("/login", data=form).status_code == 401
    assert used == ["Argon2Hasher", "Argon2Hasher", "OldBcrypt"]


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
def test_the_prefixes_of_bcrypt_are_read(prefix: str) -> None:
    stored = old_hash(SHORT.encode()).replace("$2b$", prefix)
    assert move_to_argon2.PASSWORDS.verify_and_update(SHORT, stored)[0]


@pytest.mark.parametrize(
    "stored",
    [
        "$bcrypt-sha256$v=2,t=2b,r=12$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2",
        "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
        "plain text",
        "",
    ],
)
def test_other_schemes_of_passlib_are_not_known_to_pwdlib(stored: str) -> None:
    with pytest.raises(UnknownHashError, match="can't be identified"):
        move_to_argon2.PASSWORDS.verify(SHORT, stored)


def test_a_hash_of_bcrypt_that_was_cut_or_padded_is_not_known_to_pwdlib() -> None:
    stored = old_hash(b"secret")
    for changed in (stored[:50], stored + " "):
        with pytest.raises(UnknownHashError, match="can't be identified"):
            move_to_argon2.PASSWORDS.verify("secret", changed)


# --- What is copied


def test_cutting_to_72_characters_fails_for_other_letters_and_does_nothing_for_passlib(
    wrong_passlib: ModuleType,
) -> None:
    long = "\u00e9" * 72
    assert "longer than 72 bytes" in text_of(lambda: wrong_cut.get_password_hash(long))
    said = text_of(lambda: wrong_passlib.get_password_hash("short"[:72]))
    assert "longer than 72 bytes" in said


def test_two_passwords_that_begin_alike_are_one_after_the_cut() -> None:
    stored = wrong_cut.get_password_hash("x" * 72 + "mine")
    assert bcrypt.checkpw(("x" * 72 + "yours").encode()[:72], stored)


# --- The TypeErrors of copied logins

KEY = secrets.token_hex()
MINUTES: Any = "15"  # of os.getenv
NOTHING: Any = None
User = type("User", (), {"name": "alice"})
user: Any = User()
passwords: Any = argon2_only.passwords
CASES = (
    "passwords.verify('secret', NOTHING)",
    "passwords.hash(SecretStr('secret'))",
    "bcrypt.checkpw('secret', b'$2b$12$')",
    "user['name']",
    "NOTHING['name']",
    "datetime.now(UTC) + 15",
    "timedelta(minutes=MINUTES)",
    "jwt.encode({'sub': 'alice'}, NOTHING, 'HS256')",
    "jwt.encode({'sub': uuid4()}, KEY, 'HS256')",
    "jwt.encode({'exp': timedelta(minutes=15)}, KEY, 'HS256')",
    "jwt.encode('alice', KEY, 'HS256')",
    "jwt.encode({'sub': 'alice'}, KEY, 'HS256').decode()",
)
NAMES = {
    name: value
    for name, value in globals().items()
    if name in {"bcrypt", "jwt", "uuid4", "datetime", "timedelta", "UTC", "SecretStr"}
} | {
    "KEY": KEY,
    "MINUTES": MINUTES,
    "NOTHING": NOTHING,
    "user": user,
    "passwords": passwords,
}


def test_the_errors_of_copied_logins(recorded: Any) -> None:
    lines = []
    for code in CASES:
        shown = code.replace("NOTHING", "None").replace("MINUTES", "'15'")
        lines += [shown, f"    {text_of(lambda code=code: eval(code, NAMES))}"]  # type: ignore[misc]
    recorded("type_errors.txt", "\n".join(lines))


def test_passlib_refuses_no_hash_without_an_error_and_pwdlib_with_one() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        context: Any = importlib.import_module("passlib.context").CryptContext
        old = context(schemes=["pbkdf2_sha256"])
        assert old.verify("secret", None) is False
        said = text_of(lambda: old.verify("secret", 1))
    assert said == "TypeError: hash must be unicode or bytes, not int"
    assert text_of(lambda: passwords.verify("secret", None)).startswith("TypeError")


def test_what_the_page_asks_for_instead_raises_nothing() -> None:
    expires = datetime.now(UTC) + timedelta(minutes=int(MINUTES))
    token = jwt.encode({"sub": str(uuid4()), "exp": expires}, KEY, "HS256")
    assert isinstance(token, str)
    assert passwords.hash(SecretStr("secret").get_secret_value())


def test_the_query_of_the_page_finds_the_hashes_that_pwdlib_does_not_know() -> None:
    page = (ROOT / "docs/security/passwords-longer-than-72-bytes.md").read_text("utf-8")
    condition = re.search(r"`(WHERE hash [^`]+)`", page)
    assert condition
    old = old_hash(b"secret")
    stored = {
        "argon2": move_to_argon2.DUMMY_HASH,
        "bcrypt": old,
        "cut": old[:59],
        "padded": f"{old:<72}",
        "plain": "secret",
        "pbkdf2": "$pbkdf2-sha256$29000$c2FsdA$aGFzaA",
    }
    unknown = set()
    for name, value in stored.items():
        try:
            move_to_argon2.PASSWORDS.verify("secret", value)
        except UnknownHashError:
            unknown.add(name)
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE users (name TEXT, hash TEXT)")
        database.executemany("INSERT INTO users VALUES (?, ?)", stored.items())
        found = database.execute(f"SELECT name FROM users {condition[1]}").fetchall()
    assert (
        {name for (name,) in found} == unknown == {"cut", "padded", "plain", "pbkdf2"}
    )
