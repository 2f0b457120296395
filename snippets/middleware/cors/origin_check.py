from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, Form, HTTPException, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.requests import HTTPConnection

sessions = {"4f1c": "alice"}
transfers: list[str] = []


def current_user(session: Annotated[str | None, Cookie()] = None) -> str:
    if session not in sessions:
        raise HTTPException(401)
    return sessions[session]


# --8<-- [start:check]
app = FastAPI(max_body_size=100_000)  # for small forms
FRONTENDS = ["https://app.example.com"]
app.add_middleware(
    CORSMiddleware,
    allow_origins=FRONTENDS,
)


def from_our_pages(request: HTTPConnection) -> None:
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site")
    if origin is None or origin in FRONTENDS:
        return
    if site != "same-origin":
        raise HTTPException(403, "Foreign origin")


@app.post(
    "/transfers",
    dependencies=[Depends(from_our_pages)],
)
def transfer(
    user: Annotated[str, Depends(current_user)],
    to: Annotated[str, Form()],
) -> str:
    made = f"{user} pays {to}"
    transfers.append(made)
    return made


# --8<-- [end:check]


# --8<-- [start:websocket]
@app.websocket(
    "/transfers",
    dependencies=[Depends(from_our_pages)],
)
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
