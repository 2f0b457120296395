# --8<-- [start:program]
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

ISSUER = "https://login.example.com"
AUDIENCE = "https://api.example.com"


def get_key() -> str:
    key = os.environ.get("JWT_KEY", "")
    if len(key) < 32:
        raise RuntimeError("The setting JWT_KEY is missing or too short")
    return key


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    get_key()  # without a key the application does not start
    yield


app = FastAPI(lifespan=lifespan)


def issue(user_id: int, key: str) -> str:
    now = datetime.now(UTC)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "iat": now,
        "exp": now + timedelta(minutes=15),
    }
    return jwt.encode(claims, key, algorithm="HS256")


def verify(token: str, key: str) -> dict[str, Any]:
    return jwt.decode(
        token,
        key,
        algorithms=["HS256"],  # fixed here, never taken from the token
        audience=AUDIENCE,
        issuer=ISSUER,
        leeway=10,  # seconds; the clocks of two machines differ
        options={"require": ["exp", "sub"]},
    )


def get_claims(
    bearer: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
    key: Annotated[str, Depends(get_key)],
) -> dict[str, Any]:
    try:
        return verify(bearer.credentials, key)
    except jwt.InvalidTokenError:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise HTTPException(401, "Invalid token", challenge) from None


@app.get("/me")
async def me(claims: Annotated[dict[str, Any], Depends(get_claims)]) -> dict[str, str]:
    return {"user_id": claims["sub"]}


# --8<-- [end:program]
