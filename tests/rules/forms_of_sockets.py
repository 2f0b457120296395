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
import asyncio

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


@app.websocket("/future")
async def future(websocket: WebSocket) -> None:
    await websocket.accept()
    reader = asyncio.ensure_future(read(websocket))
    try:
        while True:
            await websocket.send_text(await queue.get())
    finally:
        reader.cancel()


@app.websocket("/limited")
async def limited(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        try:
            text = await asyncio.wait_for(queue.get(), 10)
        except TimeoutError:
            text = "still there"
        await websocket.send_text(text)


@app.websocket("/endless")
async def endless(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        await websocket.send_text(await queue.get())  # fastapi-101-endpoint-that-only-sends
""",
    "right_registry_to_close.py": """
from contextlib import asynccontextmanager

from fastapi import FastAPI, WebSocket

open_sockets: set[WebSocket] = set()


@asynccontextmanager
async def lifespan(app: FastAPI):
    yield
    for websocket in list(open_sockets):
        await websocket.close(1012)


app = FastAPI(lifespan=lifespan)


@app.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    open_sockets.add(websocket)
    try:
        async for text in websocket.iter_text():
            await websocket.send_text(text)
    finally:
        open_sockets.discard(websocket)


@app.get("/count")
async def count() -> int:
    return len(open_sockets)
""",
    "registry_in_a_function.py": """
from fastapi import FastAPI, WebSocket

connections: set[WebSocket] = set()  # fastapi-101-connections-known-to-one-process


async def broadcast(text: str) -> None:
    for websocket in list(connections):
        try:
            await websocket.send_text(text)
        except RuntimeError:
            connections.discard(websocket)
""",
    "registry_in_a_method.py": """
from fastapi import FastAPI, WebSocket

connections: dict[str, WebSocket] = {}  # fastapi-101-connections-known-to-one-process


class Room:
    async def broadcast(self, text: str) -> None:
        for websocket in connections.values():
            await websocket.send_text(text)
""",
    "registry_gathered.py": """
import asyncio

from fastapi import FastAPI, WebSocket

connections: set[WebSocket] = set()  # fastapi-101-connections-known-to-one-process


async def broadcast(text: str) -> None:
    await asyncio.gather(*(websocket.send_text(text) for websocket in connections))
""",
    "registry_in_the_endpoint.py": """
from fastapi import FastAPI, WebSocket

app = FastAPI()
connections: list[WebSocket] = []  # fastapi-101-connections-known-to-one-process


@app.websocket("/chat")
async def chat(websocket: WebSocket) -> None:
    await websocket.accept()
    connections.append(websocket)
    try:
        while True:
            text = await websocket.receive_text()
            for other in connections:
                await other.send_text(text)
    finally:
        connections.remove(websocket)
""",
    "registry_of_names.py": """
from fastapi import FastAPI, WebSocket

app = FastAPI()
connections: dict[str, WebSocket] = {}  # fastapi-101-connections-known-to-one-process


@app.post("/messages/{name}")
async def message(name: str, text: str) -> None:
    websocket = connections.get(name)
    if websocket:
        await websocket.send_text(text)
""",
    "registry_closed_at_the_end.py": """
from contextlib import asynccontextmanager

from fastapi import FastAPI, WebSocket

connections: set[WebSocket] = set()  # fastapi-101-connections-known-to-one-process


@asynccontextmanager
async def lifespan(app: FastAPI):
    yield
    for websocket in list(connections):
        await websocket.close(1012)


async def broadcast(text: str) -> None:
    for websocket in list(connections):
        await websocket.send_text(text)
""",
}
