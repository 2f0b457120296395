# --8<-- [start:program]
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import APIKeyCookie
from pydantic import BaseModel

app = FastAPI()
COOKIE = "__Host-session"


class User(BaseModel):
    name: str
    role: str


class Session(BaseModel):
    user_id: int
    ends: datetime


USERS: dict[int, User] = {}  # stands for a table; an id is never used again
SESSIONS: dict[str, Session] = {}  # stands for a table or Redis


def check_password() -> int:
    """Stands for the check of a name and a password."""
    raise HTTPException(401, "Incorrect username or password")


def key_of(session_id: Annotated[str, Depends(APIKeyCookie(name=COOKIE))]) -> str:
    return sha256(session_id.encode()).hexdigest()  # a copied table opens nothing


def current_user(key: Annotated[str, Depends(key_of)]) -> User:
    session = SESSIONS.get(key)
    user = USERS.get(session.user_id) if session else None
    if session is None or user is None or session.ends <= datetime.now(UTC):
        raise HTTPException(401, "Not logged in", {"WWW-Authenticate": "APIKey"})
    return user


@app.post("/login", status_code=204)
async def login(
    user_id: Annotated[int, Depends(check_password)], response: Response
) -> None:
    session_id = secrets.token_urlsafe(32)
    ends = datetime.now(UTC) + timedelta(hours=8)
    SESSIONS[key_of(session_id)] = Session(user_id=user_id, ends=ends)
    response.set_cookie(COOKIE, session_id, secure=True, httponly=True, samesite="lax")


@app.post("/logout", status_code=204)
async def logout(key: Annotated[str, Depends(key_of)], response: Response) -> None:
    SESSIONS.pop(key, None)
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax")


@app.get("/me")
async def me(user: Annotated[User, Depends(current_user)]) -> User:
    return user


# --8<-- [end:program]
