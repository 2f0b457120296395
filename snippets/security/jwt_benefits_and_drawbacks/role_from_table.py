# --8<-- [start:program]
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    if len(os.environ.get("JWT_KEY", "")) < 32:
        raise RuntimeError("The setting JWT_KEY is missing or too short")
    yield


app = FastAPI(lifespan=lifespan)


class User(BaseModel):
    name: str
    role: str


USERS: dict[str, User] = {}  # stands for a table; an id is never used again


def get_claims(
    bearer: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> dict[str, Any]:
    try:
        return jwt.decode(
            bearer.credentials,
            os.environ["JWT_KEY"],
            algorithms=["HS256"],
            leeway=10,  # seconds; the clocks of two machines differ
            options={"require": ["exp", "sub"]},
        )
    except jwt.InvalidTokenError:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise HTTPException(401, "Invalid token", challenge) from None


def require_admin(claims: Annotated[dict[str, Any], Depends(get_claims)]) -> str:
    user = USERS.get(claims["sub"])
    if user is None:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise HTTPException(401, "Invalid token", challenge)
    if user.role != "admin":
        raise HTTPException(403, "Admins only")
    return user.name


@app.delete("/articles/{article_id}")
async def delete_article(
    article_id: int, admin: Annotated[str, Depends(require_admin)]
) -> dict[str, str]:
    return {"deleted_by": admin}


# --8<-- [end:program]
