# --8<-- [start:program]
import secrets
from threading import Semaphore
from typing import Annotated

from fastapi import FastAPI, Form, HTTPException
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher


class OldBcrypt(BcryptHasher):
    """Hashes of bcrypt before 5.0, which took the first 72 bytes of a password."""

    def verify(self, password: str | bytes, stored: str | bytes) -> bool:
        data = password.encode() if isinstance(password, str) else password
        return super().verify(data[:72], stored)


PASSWORDS = PasswordHash((Argon2Hasher(), OldBcrypt()))  # the first one hashes
DUMMY_HASH = PASSWORDS.hash(secrets.token_urlsafe())
HASHING = Semaphore(4)  # Argon2 takes 64 MiB each time

# Stands for the table of users; the old code stored this hash.
USERS = {"alice": BcryptHasher().hash("correct horse battery staple")}
app = FastAPI(max_body_size=100_000)  # for small forms


def replace_hash(username: str, old: str, new: str) -> None:
    """UPDATE users SET hash = :new WHERE name = :username AND hash = :old"""
    if USERS.get(username) == old:
        USERS[username] = new


@app.post("/login", status_code=204)
def login(
    username: Annotated[str, Form()],
    password: Annotated[str, Form()],
) -> None:
    typed = password.encode(errors="surrogatepass")  # no error, but no match
    if len(typed) > 1000:
        raise HTTPException(422, "Password too long")
    stored = USERS.get(username)
    with HASHING:
        valid, new = PASSWORDS.verify_and_update(typed, stored or DUMMY_HASH)
    if stored is None or not valid:
        raise HTTPException(401, "Incorrect username or password")
    if new is not None:
        replace_hash(username, stored, new)


# --8<-- [end:program]
