"""What programs may do, each with what a run has to tell: tried in CPython, under Node and in browsers."""

from dataclasses import dataclass

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
GET = "GET /\n200 OK\n"


@dataclass(frozen=True)
class Case:
    """A program, what it is asked, and what the run tells, among other things."""

    name: str
    source: str
    asked: str = ""
    told: str = ""


def endpoint(body: str, *, kind: str = "async def", path: str = "get('/')", more: str = "") -> str:
    """Return an application with one path operation."""
    return f"{more}{APP}@app.{path}\n{kind} operation({body}\n"


YIELDS = """
from fastapi import Depends, FastAPI, HTTPException

app = FastAPI()


def first():
    print("open")
    try:
        yield 5
    except HTTPException as error:
        print("saw", error.status_code)
        raise
    finally:
        print("close")


async def second():
    yield 6


@app.get("/")
{kind} read(one=Depends(first), two=Depends(second)):
    print("body")
    return [one, two]


@app.get("/bad")
{kind} bad(one=Depends(first)):
    raise HTTPException(418)
"""
LIFESPAN = """
from contextlib import asynccontextmanager
from fastapi import FastAPI, Request


@asynccontextmanager
async def lifespan(app):
    {body}


app = FastAPI(lifespan=lifespan)


@app.get("/")
def read(request: Request):
    return request.state.db
"""
TEST_CLIENT = """
from contextlib import asynccontextmanager
from fastapi import FastAPI, WebSocket
from fastapi.testclient import TestClient


@asynccontextmanager
async def lifespan(app):
    print("up")
    yield
    print("down")


service = FastAPI(lifespan=lifespan)


@service.get("/")
def read():
    return {"a": 1}


@service.get("/boom")
def boom():
    raise ValueError("boom")


@service.websocket("/ws")
async def socket(ws: WebSocket):
    await ws.accept()
    await ws.send_json({"m": await ws.receive_text()})
    await ws.close()


print(TestClient(service).get("/").json())
with TestClient(service) as client:
    with client.websocket_connect("/ws") as session:
        session.send_text("hi")
        print(session.receive_json())
    try:
        client.get("/boom")
    except ValueError as error:
        print("raised", error)
"""
TOGETHER = """
import asyncio
from httpx2 import ASGITransport, AsyncClient
from fastapi import FastAPI

service = FastAPI()


@service.get("/")
async def read():
    await asyncio.sleep(0.01)
    return 1


async def main():
    async with AsyncClient(transport=ASGITransport(service), base_url="http://test") as client:
        answers = await asyncio.gather(*(client.get("/") for _ in range(3)))
        print([answer.json() for answer in answers])


asyncio.run(main())
"""
UPLOAD = """
from typing import Annotated
from fastapi import FastAPI, Form, UploadFile

app = FastAPI()


@app.post("/")
async def save(a: Annotated[int, Form()], f: UploadFile):
    return {"a": a, "name": f.filename, "size": len(await f.read())}
"""
PARTS = """POST /
Content-Type: multipart/form-data; boundary=X

--X
Content-Disposition: form-data; name="a"

7
--X
Content-Disposition: form-data; name="f"; filename="t.txt"
Content-Type: text/plain

hello
--X--
"""
HEROES = """
from typing import Annotated
from fastapi import Depends, FastAPI
from sqlmodel import Field, Session, SQLModel, create_engine, select


class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str


engine = create_engine("sqlite:///heroes.db", connect_args={"check_same_thread": False})
SQLModel.metadata.drop_all(engine)
SQLModel.metadata.create_all(engine)


def get_session():
    with Session(engine) as session:
        yield session


app = FastAPI()


@app.post("/heroes")
def create(hero: Hero, session: Annotated[Session, Depends(get_session)]) -> Hero:
    session.add(hero)
    session.commit()
    session.refresh(hero)
    return hero


@app.get("/heroes")
def read(session: Annotated[Session, Depends(get_session)]) -> list[Hero]:
    return list(session.exec(select(Hero)))
"""
THREADED = """
import threading
from fastapi import Depends, FastAPI

app = FastAPI()


def dependency():
    return threading.current_thread().name


@app.get("/")
async def read(name=Depends(dependency)):
    return [name, threading.current_thread().name]
"""
FROM_THREAD = """
import anyio
from fastapi import FastAPI

app = FastAPI()


async def add():
    await anyio.sleep(0.01)
    return 4


@app.get("/")
def read():
    return anyio.from_thread.run(add)
"""
TASKS = """
import anyio
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def read():
    out = []
    first_ended = anyio.Event()

    async def second():
        await first_ended.wait()
        out.append(2)

    async def first():
        await anyio.sleep(0.01)
        out.append(1)
        first_ended.set()

    async with anyio.create_task_group() as group:
        group.start_soon(second)
        group.start_soon(first)
    with anyio.move_on_after(0.01):
        await anyio.sleep(5)
    return out
"""
TOKEN = """
from fastapi import FastAPI
import jwt

app = FastAPI()


@app.get("/")
def read():
    token = jwt.encode({"sub": "bob"}, "k" * 32, algorithm="HS256")
    return jwt.decode(token, "k" * 32, algorithms=["HS256"])["sub"]
"""
BACKGROUND = """
import asyncio
from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


async def later(text):
    await asyncio.sleep(0.01)
    print("task", text)


@app.get("/")
def read(tasks: BackgroundTasks):
    tasks.add_task(print, "first")
    tasks.add_task(later, "second")
    return "ok"
"""
STREAM = """
import asyncio
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


{kind} lines():
    for number in range(3):
        yield f"{number}\\n"


@app.get("/")
async def read():
    return StreamingResponse(lines(), media_type="text/plain")
"""
ECHO = """
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()


@app.websocket("/ws")
async def echo(ws: WebSocket):
    await ws.accept()
    try:
        while True:
            await ws.send_text("echo " + await ws.receive_text())
    except WebSocketDisconnect as error:
        print("gone", error.code)
"""
FLASK = """
from flask import Flask, request

app = Flask(__name__)


@app.post("/orders/<int:number>")
def create(number):
    return {"number": number, "item": request.get_json()["item"]}, 201
"""
WSGI = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield environ["REQUEST_METHOD"].encode()
    yield environ["PATH_INFO"].encode()
"""
PAGES = """
from fastapi import FastAPI, Request
from fastapi.templating import Jinja2Templates
from jinja2 import DictLoader, Environment

loader = DictLoader({"item.html": "<h1>{{ name }}</h1>"})
templates = Jinja2Templates(env=Environment(loader=loader, autoescape=True))
app = FastAPI()


@app.get("/")
def read(request: Request):
    return templates.TemplateResponse(request, "item.html", {"name": "<b>"})
"""
GRAPHQL = """
import strawberry
from fastapi import FastAPI
from strawberry.fastapi import GraphQLRouter


@strawberry.type
class Query:
    @strawberry.field
    async def name(self) -> str:
        return "ann"


app = FastAPI()
app.include_router(GraphQLRouter(strawberry.Schema(Query)), prefix="/graphql")
"""
TESTS = """
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient

app = FastAPI()


@app.get("/")
def read():
    return 1


@pytest.fixture
def client():
    with TestClient(app) as client:
        yield client


def test_one(client):
    assert client.get("/").json() == 1


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_two(anyio_backend):
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/")).json() == {expected}
"""
CASES = [
    Case(
        "async endpoint",
        endpoint("q: int = 1): return {'q': q}"),
        "GET /?q=4",
        '200 OK\n{"q":4}',
    ),
    Case(
        "def endpoint", endpoint("q: int = 1): return {'q': q}", kind="def"), "GET /?q=4", '{"q":4}'
    ),
    Case("422", endpoint("q: int): return q"), "GET /?q=x", "int_parsing"),
    Case("suggested request", endpoint("q: int): return q"), "", GET.replace("/", "/?q=1") + "1"),
    Case(
        "body",
        endpoint("a: dict[str, int]): return a", path="post('/')"),
        'POST /\n\n{"x": 3}',
        '{"x":3}',
    ),
    Case(
        "dependencies with yield, def",
        YIELDS.replace("{kind}", "def"),
        "GET /bad",
        "open\nsaw 418\nclose",
    ),
    Case("dependencies with yield", YIELDS.replace("{kind}", "async def"), "GET /", "[5,6]"),
    Case("background tasks", BACKGROUND, "GET /", "first\ntask second"),
    Case("web socket", ECHO, "WEBSOCKET /ws\n\na\nb", "server  send  echo b"),
    Case("web socket is told of the end", ECHO, "WEBSOCKET /ws\n\na", "gone 1000"),
    Case("stream of an async generator", STREAM.replace("{kind}", "async def"), "GET /", "0\n1\n2"),
    Case("stream of a generator", STREAM.replace("{kind}", "def"), "GET /", "0\n1\n2"),
    Case("upload", UPLOAD, PARTS, '{"a":7,"name":"t.txt","size":5}'),
    Case("lifespan with state", LIFESPAN.replace("{body}", "yield {'db': 'D'}"), "GET /", '"D"'),
    Case(
        "lifespan that fails",
        LIFESPAN.replace("{body}", "raise ValueError('no db')\n    yield"),
        "",
        "no db",
    ),
    Case("token", TOKEN, "GET /", '"bob"'),
    Case("SQLModel", HEROES, 'POST /heroes\n\n{"name": "Z"}\n\nGET /heroes', '"name":"Z"'),
    Case("test client", TEST_CLIENT, "", "{'a': 1}\nup\n{'m': 'hi'}\nraised boom\ndown"),
    Case("clients at the same time", TOGETHER, "", "[1, 1, 1]"),
    Case("name of the worker thread", THREADED, "GET /", '["AnyIO worker thread","MainThread"]'),
    Case("from a worker thread", FROM_THREAD, "GET /", "4"),
    Case("task group and timeout", TASKS, "GET /", "[1,2]"),
    Case(
        "error",
        endpoint("): return 1 / 0", kind="def"),
        "GET /",
        "ZeroDivisionError: division by zero",
    ),
    Case("syntax error", "def (\n", "", "SyntaxError"),
    Case(
        "missing module",
        "import nothing_of_the_kind\n",
        "",
        "No module named 'nothing_of_the_kind'",
    ),
    Case(
        "deadlock",
        endpoint("): await asyncio.Event().wait()", more="import asyncio\n"),
        "GET /",
        "DeadlockError",
    ),
    Case("exit", "print('so far')\nraise SystemExit(3)\n", "", "so far\n\nSystemExit: 3"),
    Case("main", "if __name__ == '__main__':\n    print('main')\n", "", "main"),
    Case(
        "server is not started",
        APP + "if __name__ == '__main__':\n    raise SystemExit\n",
        "GET /x",
        "404 Not Found",
    ),
    Case(
        "Flask",
        FLASK,
        'POST /orders/7\n\n{"item": "tea"}',
        '201 Created\n{"item":"tea","number":7}',
    ),
    Case("Flask, suggested request", FLASK, "", "POST /orders/1"),
    Case("WSGI", WSGI, "GET /a%20b", "200 OK\nGET/a b"),
    Case("templates", PAGES, "GET /", "<h1>&lt;b&gt;</h1>"),
    Case("GraphQL", GRAPHQL, 'POST /graphql\n\n{"query": "{name}"}', '{"data":{"name":"ann"}}'),
    Case("suggested request to an included router", GRAPHQL, "", "GET /graphql"),
    Case("tests that pass", TESTS.replace("{expected}", "1"), "", "[100%]\n\n2 passed"),
    Case(
        "tests that fail",
        TESTS.replace("{expected}", "2"),
        "",
        "1 passed, 1 failed\n\nAssertionError: assert 1 == 2",
    ),
]
