from datetime import UTC, datetime, timedelta
from typing import Annotated

import jwt
from fastapi import Body, Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer

app = FastAPI()
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="login")
KEYS: list[str] = []  # the key comes from the environment


def new_jwt(name: str, **lifetime: float) -> str:
    claims = {"sub": name, "exp": datetime.now(UTC) + timedelta(**lifetime)}
    return jwt.encode(claims, KEYS[0], algorithm="HS256")


def read_user(token: str) -> str:
    try:
        return str(jwt.decode(token, KEYS[0], algorithms=["HS256"])["sub"])
    except jwt.InvalidTokenError:
        raise HTTPException(401, "Invalid token") from None


# --8<-- [start:tokens]
def tokens_for(name: str) -> dict[str, str]:
    return {
        "access_token": new_jwt(name, minutes=10),
        "refresh_token": new_jwt(name, days=30),
    }


@app.post("/refresh")
async def refresh(
    refresh_token: Annotated[str, Body(embed=True)],
) -> dict[str, str]:
    return tokens_for(read_user(refresh_token))


# --8<-- [end:tokens]


@app.post("/login")
async def login() -> dict[str, str]:
    return tokens_for("alice")


@app.get("/me")
async def me(token: Annotated[str, Depends(oauth2_scheme)]) -> str:
    return read_user(token)
