from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, Form, HTTPException, WebSocket
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
sessions = {"4f1c": "alice"}
transfers: list[str] = []


def current_user(session: Annotated[str | None, Cookie()] = None) -> str:
    if session not in sessions:
        raise HTTPException(401)
    return sessions[session]


# --8<-- [start:guard]
# "so only our frontend can call the API"
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
)


@app.post("/transfers")
def transfer(
    user: Annotated[str, Depends(current_user)],
    to: Annotated[str, Form()],
) -> str:
    made = f"{user} pays {to}"
    transfers.append(made)
    return made


# --8<-- [end:guard]


# --8<-- [start:websocket]
@app.websocket("/transfers")
async def feed(
    websocket: WebSocket,
    user: Annotated[str, Depends(current_user)],
) -> None:
    await websocket.accept()
    start = f"{user} pays "
    own = [t for t in transfers if t.startswith(start)]
    await websocket.send_json(own)
    await websocket.close()


# --8<-- [end:websocket]
