from typing import Annotated

from fastapi import Cookie, FastAPI, WebSocket
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
users = {"cookie-of-alice": "alice"}


# --8<-- [start:endpoint]
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
    allow_credentials=True,
)


@app.websocket("/inbox")
async def inbox(websocket: WebSocket, session: Annotated[str, Cookie()]) -> None:
    await websocket.accept()
    await websocket.send_text(f"inbox of {users[session]}")
    await websocket.close()


# --8<-- [end:endpoint]
