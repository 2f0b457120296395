import os
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer


def get_key() -> str:
    return os.environ["JWT_KEY"]


# --8<-- [start:verify]
def verify(token: str, key: str) -> dict[str, Any]:
    return jwt.decode(
        token,
        key,
        algorithms=["HS256"],  # fixed here, never taken from the token
        audience="https://api.example.com",
        issuer="https://login.example.com",
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


# --8<-- [end:verify]


# --8<-- [start:endpoint]
app = FastAPI()


@app.get("/me")
async def me(claims: Annotated[dict[str, Any], Depends(get_claims)]) -> dict[str, str]:
    return {"user_id": claims["sub"]}


# --8<-- [end:endpoint]
