import os
import secrets

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.middleware.base import RequestResponseEndpoint

TOKEN = os.environ.get("ADMIN_TOKEN") or secrets.token_hex()
app = FastAPI()


# --8<-- [start:path]
@app.middleware("http")
async def admins_only(
    request: Request,
    call_next: RequestResponseEndpoint,
) -> Response:
    if request.url.path.startswith("/admin"):
        sent = request.headers.get("Authorization")
        if sent != f"Bearer {TOKEN}":
            return JSONResponse({"detail": "Token?"}, 401)
    return await call_next(request)


# --8<-- [end:path]


@app.get("/admin/users/{user_id}")
async def user(user_id: int) -> dict[str, int]:
    return {"user_id": user_id}
