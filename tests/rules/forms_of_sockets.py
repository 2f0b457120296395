"""Forms of WebSocket endpoints, right ones and wrong ones, as in ``forms.py``."""

SOCKETS = {
    "handshakes.py": """
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, FastAPI, Header, Query, WebSocket

app = FastAPI()
ORIGINS = {"https://app.example.com"}


def checked(websocket: WebSocket) -> str:
    return websocket.headers["origin"]


guarded = APIRouter(dependencies=[Depends(checked)])


@app.websocket("/cookie")
async def cookie(
    websocket: WebSocket,
    session: Annotated[str, Cookie()],  # fastapi-102-cookie-without-origin-check
) -> None:
    await websocket.accept()


@app.websocket("/theme")
async def theme(websocket: WebSocket, theme: Annotated[str, Cookie()]) -> None:
    await websocket.accept()


@app.websocket("/header")
async def header(
    websocket: WebSocket, session: Annotated[str, Cookie()], origin: Annotated[str, Header()]
) -> None:
    if origin in ORIGINS:
        await websocket.accept()


@app.websocket("/dependency")
async def dependency(
    websocket: WebSocket, session: Annotated[str, Cookie()], _: Annotated[str, Depends(checked)]
) -> None:
    await websocket.accept()


@app.websocket("/called")
async def called(websocket: WebSocket, session: Annotated[str, Cookie()]) -> None:
    if checked(websocket) in ORIGINS:
        await websocket.accept()


@guarded.websocket("/router")
async def router(websocket: WebSocket, session: Annotated[str, Cookie()]) -> None:
    await websocket.accept()


@app.websocket("/query")
async def query(websocket: WebSocket, token: str = Query()) -> None:  # fastapi-102-token-in-the-query-string
    await websocket.accept()


@app.websocket("/not-query")
async def not_query(websocket: WebSocket, token: str = Depends(checked)) -> None:
    await websocket.accept()


@app.websocket("/header-token")
async def header_token(websocket: WebSocket, token: str = Header()) -> None:
    await websocket.accept()


@app.websocket("/cookie-token")
async def cookie_token(websocket: WebSocket, token: str = Cookie()) -> None:
    await websocket.accept()
""",
    "right_handshakes.py": """
from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, WebSocket

from shop.users import CurrentUser, current_user

app = FastAPI()
User = Annotated[str, Depends(current_user)]


@app.websocket("/alias")
async def alias(websocket: WebSocket, user: User, session: Annotated[str, Cookie()]) -> None:
    await websocket.accept()


@app.websocket("/imported")
async def imported(
    websocket: WebSocket, user: CurrentUser, session: Annotated[str, Cookie()]
) -> None:
    await websocket.accept()


@app.websocket("/scope")
async def scope(websocket: WebSocket, session: Annotated[str, Cookie()]) -> None:
    if (b"origin", b"https://app.example.com") in websocket.scope["headers"]:
        await websocket.accept()


@app.websocket("/author")
async def author(websocket: WebSocket, author: Annotated[str, Cookie()]) -> None:
    await websocket.accept()
""",
    "right_registry.py": """
from fastapi import FastAPI, WebSocket
from redis.asyncio import Redis

app = FastAPI()
connections: set[WebSocket] = set()


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        text = await read(websocket)
        await websocket.send_text(text)


@app.websocket("/lines")
async def lines(websocket: WebSocket) -> None:
    await websocket.accept()
    texts = websocket.iter_text()
    while True:
        await websocket.send_text(await anext(texts))
""",
}
