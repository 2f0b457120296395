import asyncio
import time
from contextlib import suppress
from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket, WebSocketDisconnect
from pydantic import BaseModel

app = FastAPI()


class User(BaseModel):
    name: str
    expires: float  # the `exp` of the token


def current_user() -> User:
    return User(name="alice", expires=time.time() + 900)


# --8<-- [start:endpoint]
CLOSE_SECONDS = 10.0


@app.websocket("/inbox")
async def inbox(
    websocket: WebSocket, user: Annotated[User, Depends(current_user)]
) -> None:
    await websocket.accept()
    try:
        async with asyncio.timeout(user.expires - time.time()) as limit:
            async for text in websocket.iter_text():
                await websocket.send_text(f"{user.name}: {text}")
    except WebSocketDisconnect:
        pass  # it left before its answer
    except TimeoutError:
        if not limit.expired():
            raise  # another timeout, inside
        # RuntimeError: Uvicorn has closed it, and waits for the client
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(CLOSE_SECONDS):  # it may never read
                await websocket.close(1008, "token expired")


# --8<-- [end:endpoint]
