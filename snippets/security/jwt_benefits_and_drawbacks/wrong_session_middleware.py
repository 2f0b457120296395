import os
import secrets

from fastapi import FastAPI, HTTPException, Request
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
SECRET = os.environ.get("SESSION_KEY") or secrets.token_urlsafe(32)

# --8<-- [start:logout]
app.add_middleware(SessionMiddleware, secret_key=SECRET)


@app.post("/logout", status_code=204)
async def logout(request: Request) -> None:
    request.session.clear()


# --8<-- [end:logout]


@app.post("/login", status_code=204)
async def login(request: Request) -> None:
    request.session["user"] = "alice"


@app.get("/me")
async def me(request: Request) -> str:
    if "user" not in request.session:
        raise HTTPException(401, "Not logged in")
    return str(request.session["user"])
