from datetime import UTC, datetime, timedelta
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import APIKeyCookie

app = FastAPI()
session_cookie = APIKeyCookie(name="access_token")
KEYS: list[str] = []  # the key comes from the environment


def current_user(token: Annotated[str, Depends(session_cookie)]) -> str:
    try:
        return str(jwt.decode(token, KEYS[0], algorithms=["HS256"])["sub"])
    except jwt.InvalidTokenError:
        raise HTTPException(401, "Invalid token") from None


# --8<-- [start:logout]
ACCESS_LIFETIME = timedelta(days=30)


@app.post("/logout", status_code=204)
async def logout(response: Response) -> None:
    response.delete_cookie("access_token")


# --8<-- [end:logout]


@app.post("/login", status_code=204)
async def login(response: Response) -> None:
    claims = {"sub": "alice", "exp": datetime.now(UTC) + ACCESS_LIFETIME}
    response.set_cookie("access_token", jwt.encode(claims, KEYS[0], "HS256"))


@app.get("/me")
async def me(user: Annotated[str, Depends(current_user)]) -> str:
    return user
