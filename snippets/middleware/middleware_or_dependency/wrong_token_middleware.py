from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.responses import JSONResponse

Next = Callable[[Request], Awaitable[Response]]
TOKEN = "Bearer 9d2e"  # stands for the check of a real token
app = FastAPI()


# --8<-- [start:check]
@app.middleware("http")
async def check_token(
    request: Request,
    call_next: Next,
) -> Response:
    sent = request.headers.get("Authorization")
    if sent != TOKEN:
        return JSONResponse({"detail": "Token?"}, 401)
    return await call_next(request)


# --8<-- [end:check]


@app.get("/report")
def report() -> int:
    return 3


@app.websocket("/prices")
async def prices(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("EUR 1.08")
    await websocket.close()
