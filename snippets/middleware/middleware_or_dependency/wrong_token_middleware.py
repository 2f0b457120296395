import os
import secrets

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.responses import JSONResponse
from starlette.middleware.base import RequestResponseEndpoint

TOKEN = os.environ.get("ADMIN_TOKEN") or secrets.token_hex()
app = FastAPI()


# --8<-- [start:check]
@app.middleware("http")
async def check_token(
    request: Request,
    call_next: RequestResponseEndpoint,
) -> Response:
    sent = request.headers.get("Authorization")
    if sent != f"Bearer {TOKEN}":
        return JSONResponse({"detail": "Token?"}, 401)
    return await call_next(request)


# --8<-- [end:check]


@app.get("/admin/users/{user_id}")
async def user(user_id: int) -> dict[str, int]:
    return {"user_id": user_id}


@app.websocket("/admin/events")
async def events(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("restarted")
    await websocket.close()
