import hashlib
from typing import Annotated

from fastapi import Depends, Form, HTTPException, Request

from snippets.security.rate_limits.limited import app, too_many


# --8<-- [start:user]
# app and too_many are those of main.py
async def limit_account(request: Request, username: Annotated[str, Form()]) -> None:
    name = hashlib.sha256(username.casefold().encode()).hexdigest()
    wait = await too_many(request.app.state.redis, f"rate:account:{name}", 10, 900)
    if wait:
        raise HTTPException(429, "Too many requests", {"Retry-After": str(wait)})


@app.post("/token", dependencies=[Depends(limit_account)])
async def token() -> str:
    return "checks the password"
    # --8<-- [end:user]
