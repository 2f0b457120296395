# --8<-- [start:program]
from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, WebSocket, WebSocketException

app = FastAPI()
ORIGINS = {"https://app.example.com"}
users = {"cookie-of-alice": "alice"}  # stands for the sessions


async def current_user(
    websocket: WebSocket,
    session: Annotated[str | None, Cookie()] = None,
) -> str:
    if websocket.headers.get("origin") not in ORIGINS:
        raise WebSocketException(1008, "origin")
    if session is None or session not in users:
        raise WebSocketException(1008, "session")
    return users[session]


@app.websocket("/inbox")
async def inbox(
    websocket: WebSocket,
    user: Annotated[str, Depends(current_user)],
) -> None:
    await websocket.accept()
    await websocket.send_text(f"inbox of {user}")
    await websocket.close()


# --8<-- [end:program]
