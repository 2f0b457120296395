import asyncio
from contextlib import suppress

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
users = {"token-of-alice": "alice"}
LOGIN_SECONDS = 5.0


# --8<-- [start:endpoint]
@app.websocket("/inbox")
async def inbox(websocket: WebSocket) -> None:
    await websocket.accept()
    user = None
    with suppress(WebSocketDisconnect):  # it left
        with suppress(TimeoutError, KeyError):  # silent, or binary
            async with asyncio.timeout(LOGIN_SECONDS):
                user = users.get(await websocket.receive_text())
        if user is None:
            await websocket.close(1008, "not authenticated")
            return
        await websocket.send_text(f"inbox of {user}")
        await websocket.close()


# --8<-- [end:endpoint]
