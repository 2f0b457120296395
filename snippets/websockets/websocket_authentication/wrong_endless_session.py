import time
from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket
from pydantic import BaseModel

app = FastAPI()


class User(BaseModel):
    name: str
    expires: float  # the `exp` of the token


def current_user() -> User:
    return User(name="alice", expires=time.time() + 900)


# --8<-- [start:endpoint]
@app.websocket("/inbox")
async def inbox(
    websocket: WebSocket, user: Annotated[User, Depends(current_user)]
) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(f"{user.name}: {text}")


# --8<-- [end:endpoint]
