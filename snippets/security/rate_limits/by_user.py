import hashlib
from typing import Annotated

from fastapi import Depends, Form, Request

from snippets.security.rate_limits.limited import app, enforce, rate_limit

# --8<-- [start:user]
# app, enforce and rate_limit are those of main.py
by_address = rate_limit("token", 20, 60, closed=True)


async def by_account(request: Request, username: Annotated[str, Form()]) -> None:
    name = username.casefold().encode(errors="surrogatepass")
    key = f"rate:account:{hashlib.sha256(name).hexdigest()}"
    await enforce(request, key, 10, 900, closed=True)


@app.post("/token", dependencies=[Depends(by_address), Depends(by_account)])
async def token() -> str:
    return "checks the password"
    # --8<-- [end:user]
