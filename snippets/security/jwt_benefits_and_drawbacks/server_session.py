import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import APIKeyCookie
from pydantic import BaseModel

app = FastAPI()


def check_password() -> str:
    """Stands for the check of a name and a password."""
    raise HTTPException(401, "Incorrect username or password")


# --8<-- [start:session]
class Session(BaseModel):
    user: str
    ends: datetime


SESSIONS: dict[str, Session] = {}  # stands for a table or Redis
COOKIE = "__Host-session"


def key_of(session_id: Annotated[str, Depends(APIKeyCookie(name=COOKIE))]) -> str:
    return sha256(session_id.encode()).hexdigest()  # a copied table opens nothing


def current_user(key: Annotated[str, Depends(key_of)]) -> str:
    session = SESSIONS.get(key)
    if session is None or session.ends <= datetime.now(UTC):
        raise HTTPException(401, "Not logged in", {"WWW-Authenticate": "APIKey"})
    return session.user


@app.post("/login", status_code=204)
async def login(
    user: Annotated[str, Depends(check_password)], response: Response
) -> None:
    session_id = secrets.token_urlsafe(32)
    ends = datetime.now(UTC) + timedelta(hours=8)
    SESSIONS[key_of(session_id)] = Session(user=user, ends=ends)
    response.set_cookie(COOKIE, session_id, secure=True, httponly=True, samesite="lax")


# --8<-- [end:session]


# --8<-- [start:logout]
@app.post("/logout", status_code=204)
async def logout(key: Annotated[str, Depends(key_of)], response: Response) -> None:
    SESSIONS.pop(key, None)
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="lax")


# --8<-- [end:logout]


@app.get("/me")
async def me(user: Annotated[str, Depends(current_user)]) -> str:
    return user
