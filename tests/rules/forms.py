"""Other forms of wrong code than those that answers show; each line that a rule has to find names it."""

from tests.rules.forms_of_answers import ANSWERS
from tests.rules.forms_of_deployment import DEPLOYMENT
from tests.rules.forms_of_layers import LAYERS
from tests.rules.forms_of_sockets import SOCKETS

FORMS = {
    **ANSWERS,
    **DEPLOYMENT,
    **LAYERS,
    **SOCKETS,
    "filled_by_the_database.py": """
import sqlalchemy as sa
from alembic import op


def upgrade() -> None:
    op.add_column("orders", sa.Column("n", sa.Integer, sa.Identity(), nullable=False))
    op.add_column(
        "orders",
        sa.Column("double", sa.Integer, sa.Computed("id * 2"), nullable=False),
    )
    op.add_column(
        "orders",
        sa.Column("note", sa.Text, nullable=False),  # fastapi-123-not-null
    )
""",
    "conftest.py": """
import os

from fastapi.testclient import TestClient

DATABASE_URL = os.getenv("DATABASE_URL", "sqlite:///test.db")
""",
    "event_loops.py": """
import asyncio
from unittest import mock

from fastapi import APIRouter, FastAPI

app = FastAPI()
router = APIRouter()


async def price() -> float:
    return 9.5


@app.get("/def")
def in_def() -> float:
    return asyncio.run(price())  # fastapi-12-asyncio-run-in-def


@router.post("/async-def")
async def in_async_def() -> float:
    return asyncio.run(price())  # fastapi-12-asyncio-run-in-async-def


async def without_decorator() -> float:
    return asyncio.run(price())  # fastapi-12-asyncio-run-in-async-def


def script() -> float:
    return asyncio.run(price())


@app.get("/loop-of-its-own-thread")
async def loop_of_its_own_thread() -> list[float]:
    def in_thread() -> float:
        return asyncio.run(price())

    return [
        await asyncio.to_thread(in_thread),
        await asyncio.to_thread(lambda: asyncio.run(price())),
    ]


@mock.patch("shop.price")
def test_price(_: mock.Mock) -> None:
    assert asyncio.run(price()) == 9.5
""",
    "groups_and_tasks.py": """
import asyncio
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from contextvars import ContextVar

import anyio.to_thread
import httpx2
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request

app = FastAPI()
shared = None
pool = None
language = ContextVar("language", default="en")
limiter = lambda: anyio.to_thread.current_default_thread_limiter()


async def load(name: str) -> str:
    if not name:
        raise HTTPException(404)  # fastapi-10-http-exception-in-a-task
    return name


async def try_load(name: str) -> str:
    try:
        if not name:
            raise HTTPException(404)
    except HTTPException:
        return "none"
    return name


async def load_or_none(name: str) -> str:
    try:
        if not name:
            raise HTTPException(404)
    except (HTTPException, KeyError):
        return "none"
    return name


@app.get("/both")
async def both(tasks: BackgroundTasks) -> str:
    tasks.add_task(lambda: load("a"))  # fastapi-4-background-task-that-never-runs
    async with asyncio.TaskGroup() as group:
        one = group.create_task(load("a"))
        two = group.create_task(try_load("b"))
        three = group.create_task(load_or_none("c"))
    return one.result() + two.result()


@app.post("/schedule")
async def schedule(scheduler: Scheduler) -> None:
    scheduler.add_task(lambda: load("a"))


@app.get("/of-the-user")
async def of_the_user(session: str) -> int:
    async with httpx2.AsyncClient(cookies={"session": session}) as client:
        return (await client.get("https://shop.example")).status_code


@app.get("/logged-in")
async def logged_in(user: str) -> int:
    async with httpx2.AsyncClient() as client:
        await client.post("https://shop.example/login", data={"user": user})
        return (await client.get("https://shop.example")).status_code


@app.get("/made-once")
async def made_once(request: Request) -> int:
    global shared, pool
    if shared is None:
        shared = httpx2.AsyncClient()
    if pool is None:
        pool = ProcessPoolExecutor(2)
    request.app.state.client = httpx2.AsyncClient()
    request.app.state.pool = ProcessPoolExecutor(2)
    return (await shared.get("https://shop.example")).status_code


def connection() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect("shop.db", **options)
    try:
        yield db
    finally:
        db.close()


@app.get("/sent")
async def sent() -> int:
    async with httpx2.AsyncClient() as client:  # fastapi-10-client-for-each-request
        return (await client.post("https://shop.example")).status_code


def greeting(word: str) -> str:
    token = language.set("de")
    try:
        return translate(word)
    finally:
        language.reset(token)


@app.get("/greeting")
def read_greeting(text: str = Depends(greeting)) -> str:
    return text
""",
    "handled_groups.py": """
import asyncio

from fastapi import FastAPI, HTTPException

app = FastAPI()


async def load(name: str) -> str:
    if not name:
        raise HTTPException(404)
    return name


@app.get("/handled")
async def handled() -> str:
    try:
        async with asyncio.TaskGroup() as group:
            one = group.create_task(load("a"))
    except* HTTPException as errors:
        raise errors.exceptions[0] from None
    return one.result()
""",
    "other_frameworks.py": """
import asyncio

from flask import Flask

app = Flask(__name__)


async def price() -> float:
    return 9.5


@app.get("/price")
def read_price() -> str:
    return str(asyncio.run(price()))
""",
    "exception_texts.py": """
from fastapi import FastAPI
from fastapi.exceptions import HTTPException
from fastapi.responses import JSONResponse

app = FastAPI()


def connect() -> str:
    raise ConnectionError("db-3.internal")


@app.get("/keyword")
def keyword() -> str:
    try:
        return connect()
    except Exception as e:
        raise HTTPException(status_code=500, detail=f"failed: {e}")  # fastapi-73-text-of-the-exception


@app.get("/variable")
async def variable() -> str:
    try:
        return connect()
    except Exception as e:
        text = str(e)
        raise HTTPException(500, text)  # fastapi-73-text-of-the-exception


@app.get("/response")
async def response() -> JSONResponse:
    try:
        return JSONResponse(connect())
    except Exception as e:
        return JSONResponse({"error": str(e)}, 500)  # fastapi-73-text-of-the-exception


@app.get("/own")
def own() -> str:
    try:
        return connect()
    except LookupError as e:
        raise HTTPException(404, str(e))


@app.get("/name")
def name() -> str:
    try:
        return connect()
    except Exception as e:
        raise HTTPException(500, type(e).__name__)


@app.get("/its-own")
def its_own() -> str:
    try:
        return connect()
    except Exception as e:
        if isinstance(e, HTTPException):
            raise HTTPException(e.status_code, e.detail)
        raise


@app.get("/own-class")
def own_class() -> str:
    try:
        return connect()
    except Exception as e:
        if not isinstance(e, ShopError):
            raise
        raise HTTPException(409, str(e))


@app.get("/debug")
def debug() -> JSONResponse:
    try:
        return JSONResponse(connect())
    except Exception as e:
        if settings.debug:
            return JSONResponse({"error": str(e)}, 500)
        text = str(e) if settings.debug else "failed"
        return JSONResponse({"error": text}, 500)


@app.get("/flag")
def flag() -> JSONResponse:
    try:
        return JSONResponse(connect())
    except Exception as e:
        if DEBUG:
            return JSONResponse({"error": str(e)}, 500)
        text = str(e) if DEBUG else "failed"
        return JSONResponse({"error": text}, 500)


@app.get("/another-value")
def another_value() -> JSONResponse:
    try:
        return JSONResponse(connect())
    except Exception as error:
        known = error in KNOWN
        error = {"detail": f"known: {known}"}
        return JSONResponse(error, 500)
""",
    "exception_texts_of_flask.py": """
from flask import Flask

from shop.errors import HTTPException
from shop.responses import JSONResponse

app = Flask(__name__)


@app.get("/raised")
def raised() -> str:
    try:
        return connect()
    except Exception as e:
        raise HTTPException(500, str(e))


@app.get("/returned")
def returned() -> str:
    try:
        return connect()
    except Exception as e:
        return JSONResponse({"error": str(e)})
""",
    "credentials.py": """
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.middleware import Middleware

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_credentials=True,
    allow_methods=["*"],
    allow_origins=["*"],  # fastapi-27-any-origin-with-credentials
)
origins = ["*"]
app.add_middleware(
    CORSMiddleware,
    allow_origins=origins,  # fastapi-27-any-origin-with-credentials
    allow_credentials=True,
)
stack = [
    Middleware(
        CORSMiddleware,
        allow_origins=["*"],  # fastapi-27-any-origin-with-credentials
        allow_credentials=True,
    )
]
app.add_middleware(CORSMiddleware, allow_origins=["*"])
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
    allow_headers=["Authorization"] + MORE_HEADERS,
)
app.add_middleware(
    CORSMiddleware,
    allow_origins=["app.example.com"],  # fastapi-26-origins-that-never-match
    allow_headers=["Authorization"],
)
app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=False)
""",
    "middleware_errors.py": """
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware

app = FastAPI()


class Refuse(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        if request.headers.get("X-Version") != "2":
            raise HTTPException(400)  # fastapi-22-http-exception-in-middleware
        return await call_next(request)


class Answer(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        try:
            raise HTTPException(400)
        except HTTPException as error:
            return error


@app.get("/")
def home() -> None:
    raise HTTPException(404)
""",
    "caches.py": """
import functools
from functools import cache, lru_cache


@cache  # fastapi-47-lru-cache-on-async-def
async def rates() -> float:
    return 1.0


@lru_cache(maxsize=8)  # fastapi-47-lru-cache-on-async-def
async def prices() -> float:
    return 1.0


@functools.lru_cache
def settings() -> float:
    return 1.0
""",
    "tokens.py": """
import datetime

import jwt


def without(key: str) -> str:
    return jwt.encode({"sub": "1"}, key, "HS256")  # fastapi-114-token-without-exp


def later(key: str) -> str:
    claims = {"sub": "1"}
    claims["exp"] = datetime.datetime.now() + datetime.timedelta(minutes=5)  # fastapi-111-naive-expiry
    return jwt.encode(claims, key, "HS256")


def aware(key: str) -> str:
    expiry = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)
    return jwt.encode({"sub": "1", "exp": expiry}, key, "HS256")
""",
    "tasks.py": """
from functools import partial
from typing import Annotated

from fastapi import BackgroundTasks, Cookie, Depends, FastAPI, Response
from starlette.background import BackgroundTask

app = FastAPI()


def send(address: str) -> None:
    print(address)


@app.post("/called")
def called(tasks: BackgroundTasks) -> None:
    tasks.add_task(send("a"))  # fastapi-91-function-called


@app.post("/passed")
async def passed(tasks: BackgroundTasks) -> None:
    tasks.add_task(send, "a")
    tasks.add_task(partial(send, "a"))


@app.post("/dropped")
async def dropped(tasks: BackgroundTasks, quick: bool) -> Response:
    tasks.add_task(send, "a")
    if quick:
        return Response(background=BackgroundTask(send, "b"))  # fastapi-91-background-on-the-response
    return Response(background=None)


@app.post("/early")
async def early(tasks: BackgroundTasks, quick: bool) -> Response:
    if quick:
        return Response(background=BackgroundTask(send, "b"))
    tasks.add_task(send, "a")
    return Response()


@app.post("/colour")
async def colour(tasks: BackgroundTasks) -> dict[str, str]:
    tasks.add_task(send, "a")
    return dict(background="blue")


def connect():
    yield object()


@app.post("/open")
async def opened(db: Annotated[object, Depends(connect)], tasks: BackgroundTasks) -> None:
    tasks.add_task(send, db)  # fastapi-90-session-held-during-the-task


@app.post("/cookie")
async def cookie(session: Annotated[str, Cookie()], tasks: BackgroundTasks) -> None:
    tasks.add_task(send, session)


@app.post("/number")
async def number(session: int, tasks: BackgroundTasks) -> None:
    tasks.add_task(send, session)


@app.post("/mongodb")
async def mongodb(
    db: Annotated[AsyncDatabase, Depends(connect)], tasks: BackgroundTasks
) -> None:
    tasks.add_task(send, db)
""",
    "right_tasks.py": """
import asyncio
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Cookie, Depends, FastAPI, WebSocket
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

app = FastAPI()
router = APIRouter()


async def all_of_them(tasks: BackgroundTasks) -> JSONResponse:
    tasks.add_task(send, 1)
    return JSONResponse({}, background=BackgroundTasks([*tasks.tasks, BackgroundTask(send, 2)]))


async def audited(tasks: BackgroundTasks):
    yield
    tasks.add_task(print, "audit")


def get_session():
    with sessions() as session:
        yield session
        session.commit()


@router.websocket("/chat")
async def chat(websocket: WebSocket, session: Annotated[str, Cookie()]) -> None:
    await websocket.accept()

    async def write() -> None:
        while True:
            await websocket.send_text(await queue.get())

    await asyncio.gather(write(), read(websocket))


app.include_router(router, dependencies=[Depends(audited, scope="function")])
app.include_router(router, dependencies=[Depends(get_session, scope="function")])


def session_of_one_route():
    with sessions() as session:
        yield session
        session.commit()


@app.post("/a", dependencies=[Depends(session_of_one_route, scope="function")])
async def one_route() -> None: ...


def session_with_a_limit():
    with sessions() as session:
        yield session
        session.commit()


Limited = Annotated[Session, Depends(session_with_a_limit, scope="function", max_concurrency=15)]


@app.post("/c", dependencies=[Depends(session_with_a_limit, scope="function", max_concurrency=15)])
async def limited(session: Limited) -> None: ...


def session_of_the_request():
    with sessions() as session:
        yield session
        session.commit()  # fastapi-93-commit-after-the-tasks


@app.post("/b", dependencies=[Depends(session_of_the_request)])
async def another_route() -> None: ...
""",
    "mocks.py": """
import inspect
from unittest.mock import Mock

from fastapi import FastAPI

app = FastAPI()


def user() -> str:
    return "real"


def plain() -> None:
    app.dependency_overrides[user] = Mock()  # fastapi-132-mock-as-override


def signed() -> None:
    fake = Mock()
    fake.__signature__ = inspect.signature(user)
    app.dependency_overrides[user] = fake
""",
    "loops.py": """
from asyncio import sleep

from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


async def ready() -> bool:
    return True


async def endless() -> None:
    while True:
        await ready()
        await sleep(60)


@app.post("/endless")
async def start_endless(tasks: BackgroundTasks) -> None:
    tasks.add_task(endless)  # fastapi-92-endless-loop-in-a-task


async def returns() -> None:
    while True:
        if await ready():
            return
        await sleep(1)


async def raises() -> None:
    while True:
        if not await ready():
            raise TimeoutError
        await sleep(1)


@app.post("/ends")
async def start_others(tasks: BackgroundTasks) -> None:
    tasks.add_task(returns)
    tasks.add_task(raises)
""",
    "late_tasks.py": """
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI

app = FastAPI()


async def late(tasks: BackgroundTasks):
    yield
    tasks.add_task(print, "late")  # fastapi-91-task-added-after-yield


@app.get("/late", dependencies=[Depends(late)])
async def with_late() -> None: ...


async def annotated(tasks: BackgroundTasks):
    yield
    tasks.add_task(print, "annotated")


@app.get("/annotated")
async def with_annotated(_: Annotated[None, Depends(annotated, scope="function")]) -> None: ...


async def default(tasks: BackgroundTasks):
    yield
    tasks.add_task(print, "default")


@app.get("/default")
async def with_default(_: None = Depends(default, scope="function")) -> None: ...


async def listed(tasks: BackgroundTasks):
    yield
    tasks.add_task(print, "listed")


@app.get("/listed", dependencies=[Depends(listed, scope="function")])
async def with_listed() -> None: ...


async def routed(tasks: BackgroundTasks):
    yield
    tasks.add_task(print, "routed")


router = APIRouter(dependencies=[Depends(routed, scope="function")])
""",
    "wrappers.py": """
import functools
import inspect

from fastapi import FastAPI

app = FastAPI()


def plain(function):
    def wrapper(*args, **kwargs):  # fastapi-50-decorator-without-wraps
        return function(*args, **kwargs)

    return wrapper


def updated(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    functools.update_wrapper(wrapper, function)
    return wrapper


def signed(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    wrapper.__signature__ = inspect.signature(function)
    return wrapper


@app.get("/plain")
@plain
def in_plain(year: int) -> int:
    return year


@app.get("/updated")
@updated
def in_updated(year: int) -> int:
    return year


@app.get("/signed")
@signed
def in_signed(year: int) -> int:
    return year
""",
    "catch_all.py": """
from fastapi import APIRouter, FastAPI

pages = APIRouter(prefix="/pages")
files = APIRouter()
rest = APIRouter(tags=["rest"])
api = APIRouter(prefix="/api")


@pages.get("/{path:path}")
async def page(path: str) -> str:
    return path


@files.get("/{path:path}")
async def file(path: str) -> str:
    return path


@rest.get("/{path:path}")
async def other(path: str) -> str:
    return path


@api.get("/items")
async def items() -> list[str]:
    return []


app = FastAPI()
app.include_router(pages)
app.include_router(files, prefix="/files")
app.include_router(rest)  # fastapi-53-catch-all-first
app.include_router(api)
""",
    "catch_all_before_imported.py": """
from fastapi import APIRouter, FastAPI

from shop import items

pages = APIRouter()


@pages.get("/{path:path}")
async def page(path: str) -> str:
    return path


app = FastAPI()
app.include_router(pages)  # fastapi-53-catch-all-first
app.include_router(items.router)
""",
    "right_catch_all.py": """
from fastapi import APIRouter, FastAPI, WebSocket

pages = APIRouter()
posts = APIRouter()
sockets = APIRouter()
files = APIRouter()
files.prefix = "/files"


@pages.get("/{path:path}")
async def page(path: str) -> str:
    return path


@posts.post("/orders")
async def order() -> None: ...


@sockets.websocket("/chat")
async def chat(websocket: WebSocket) -> None: ...


@files.post("/{path:path}")
async def file(path: str) -> str:
    return path


app = FastAPI()
app.include_router(pages)
app.include_router(posts)
app.include_router(sockets)

site = FastAPI()
site.include_router(files)
site.include_router(posts)

shop = FastAPI()
shop.include_router(posts, **options)
""",
    "right_ninja.py": """
from ninja import NinjaAPI, Router

pages = Router()
items = Router()


@pages.get("/{path:path}")
def page(request, path: str) -> str:
    return path


@items.get("/items")
def list_items(request) -> list[str]:
    return []


api = NinjaAPI()
api.include_router(pages, "/pages")
api.include_router(items)
""",
    "right_handlers.py": """
from unittest import mock

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

app = FastAPI()


@mock.patch("shop.price")
def check_handlers(price: mock.Mock) -> None:
    made = FastAPI()
    made.add_exception_handler(ShopError, own)


@app.exception_handler(404)
def unknown(request: Request, exc: Exception) -> JSONResponse:
    return JSONResponse({"error": "unknown"}, 404)


@app.exception_handler(405)
def method(request: Request, exc: Exception) -> JSONResponse:
    return JSONResponse({"error": "method"}, 405)


@app.exception_handler(HTTPException)
def own(request: Request, exc: HTTPException) -> JSONResponse:
    return JSONResponse({"error": exc.detail}, exc.status_code)


@app.exception_handler(ValueError)
def logged(request: Request, exc: ValueError) -> JSONResponse:
    logger.error("fault", exc_info=exc)
    raise exc
""",
    "handlers_of_ninja.py": """
from ninja import NinjaAPI

api = NinjaAPI()


@api.exception_handler(ValueError)
def refused(request, exc):
    return api.create_response(request, {"message": "refused"}, status=400)
""",
    "handlers.py": """
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

app = FastAPI()


@app.exception_handler(HTTPException)
def own(request: Request, exc: HTTPException) -> JSONResponse:
    return JSONResponse({"error": exc.detail}, exc.status_code)


@app.exception_handler(StarletteHTTPException)
def other(request: Request, exc: StarletteHTTPException) -> JSONResponse:
    return JSONResponse({"fault": exc.detail}, exc.status_code)


@app.exception_handler(ValueError)
def fault(request: Request, exc: ValueError) -> JSONResponse:
    return JSONResponse({"error": "sorry"}, status_code=500)


@app.get("/cookie")
def cookie(response: Response) -> JSONResponse:
    response.set_cookie("seen", "1")
    return JSONResponse({}, headers=response.headers)


@app.get("/lost")
def lost(response: Response) -> JSONResponse:
    response.set_cookie("seen", "1")  # fastapi-70-lost-cookie
    return JSONResponse({}, headers={"X-Seen": "1"})


@app.get("/models", response_model=User)
def models(name: str) -> JSONResponse:
    user = session.get(UserInDB, name)
    if user is None:
        problem = Problem(detail="gone")
        return JSONResponse(problem.model_dump(), status_code=404)
    return JSONResponse(user.model_dump())  # fastapi-72-bypassed-model


@app.put("/given", response_model=User)
def given(user: Annotated[UserInDB, Depends(find)]) -> JSONResponse:
    return JSONResponse(user.model_dump())  # fastapi-72-bypassed-model


@app.post("/made", response_model=User)
def made() -> JSONResponse:
    user = UserInDB(name="Ada")
    return JSONResponse(user.model_dump(), status_code=201)  # fastapi-72-bypassed-model


@app.put("/another", response_model=User)
def another(user: UserInDB) -> JSONResponse:
    changed = change(user)
    return JSONResponse(changed.model_dump())


@app.get("/itself", response_model=User)
def itself() -> JSONResponse:
    user = User(name="Ada")
    return JSONResponse(user.model_dump(), headers={"X-Seen": "1"})
""",
    "right_responses.py": """
from collections.abc import AsyncIterator
from typing import Any

import fastapi
from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse, StreamingResponse
from shop import models

app = FastAPI()


@app.get("/headers")
def headers(response: fastapi.Response) -> JSONResponse:
    response.set_cookie("seen", "1")
    headers = dict(response.headers)
    return JSONResponse({}, headers=headers)


@app.get("/failed")
def failed(response: fastapi.Response) -> Any:
    response.set_cookie("seen", "1")
    if not ready():
        return JSONResponse({}, status_code=503)
    return order


@app.get("/model")
def model(response: fastapi.Response) -> models.Response:
    response.set_cookie("seen", "1")
    return models.Response(text="right")


@app.get("/annotated", response_model=User)
def annotated() -> JSONResponse:
    user: User = find()
    return JSONResponse(user.model_dump())


@app.get("/made", response_model=User)
def made() -> JSONResponse:
    user = User.from_row(find())
    return JSONResponse(user.model_dump())


@app.put("/given", response_model=User)
def given(user: User) -> JSONResponse:
    return JSONResponse(jsonable_encoder(user))


@app.get("/named", response_model=User)
def named() -> JSONResponse:
    user = UserInDB(name="ada")
    return JSONResponse(user.model_dump(include={"name"}))


@app.get("/problem", response_model=User)
def problem() -> JSONResponse:
    problem = Problem(detail="gone")
    return JSONResponse(problem.model_dump(), problem.status)


@app.get("/page", response_model=Page, response_model_exclude={"total"})
def page() -> list[User]:
    return select_page()


@app.get("/no-model", response_model=None)
async def no_model() -> AsyncIterator[Any]:
    yield 1


@app.get("/models", response_model=User)
async def made_models() -> AsyncIterator[Any]:
    yield User(name="ada")


@app.get("/text", response_model=User, response_class=StreamingResponse)
async def text() -> AsyncIterator[Any]:
    yield "ada"
""",
    "right_of_another_framework.py": """
from otherweb import App, JSONResponse
from starlette import responses

app = App()


@app.get("/dumped", response_model=User)
def dumped() -> JSONResponse:
    user = UserInDB(name="ada")
    return JSONResponse(user.model_dump())


@app.get("/users", response_model_exclude={"hash"})
def users() -> list[User]:
    return []


@app.get("/stream", response_model=User)
def stream() -> Iterator[Any]:
    yield find()


@app.get("/union")
def union() -> responses.JSONResponse | User:
    return find()
""",
    "responses.py": """
from typing import Union

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette import responses

app = FastAPI()


class Response(BaseModel):
    text: str


class Failure(BaseModel):
    text: str


@app.get("/models")
def models() -> Response | Failure:
    return Response(text="right")


@app.get("/json")
def json() -> Union[Failure, JSONResponse]:  # fastapi-71-response-in-a-union
    return Failure(text="wrong")


@app.get("/file")
def file() -> responses.FileResponse | Failure:  # fastapi-71-response-in-a-union
    return Failure(text="wrong")
""",
    "right_middleware.py": """
from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=KEY)


@app.middleware("http")
async def language(request, call_next):
    response = await call_next(request)
    response.headers["Content-Language"] = request.session["language"]
    return response


class Count(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        self.total = self.total + 1
        if self.client is None:
            self.client = connect()
        if now() > self.expires:
            self.expires = now() + 60
        async with self.lock:
            self.rates = await fetch()
        return await call_next(request)


class Replay:
    async def __call__(self, scope, receive, send):
        if not is_http(scope):
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        request = Request(scope, receive)
        body = await request.body()

        async def replay():
            return {"type": "http.request", "body": body}

        await self.app(scope, replay, send)


@app.get("/page")
def page():
    return orders, 100
""",
    "right_layers.py": """
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
app.add_middleware(SessionMiddleware, secret_key=KEY)


@app.exception_handler(Exception)
async def failed(request: Request, error: Exception):
    return JSONResponse({}, 500, headers=cors_headers(request))


@app.middleware("http")
async def assets(request, call_next):
    if request.url.path.startswith("/admin-assets"):
        if request.url.path.endswith(".map"):
            return Response(status_code=404)
    return await call_next(request)


@app.middleware("http")
async def traced(request: Request, call_next: RequestResponseEndpoint) -> Response:
    request.state.span = tracer.start()
    try:
        return await call_next(request)
    finally:
        request.state.span.close()


@app.middleware("http")
async def language(request, call_next):
    if "session" in request.scope:
        request.state.language = request.session.get("language")
    return await call_next(request)


@app.middleware("http")
async def checked(request, call_next):
    try:
        check(request)
        return await call_next(request)
    except HTTPException as error:
        return JSONResponse({}, error.status_code)


@app.middleware("http")
async def refused(request, call_next):
    try:
        if request.headers.get("X-Version") != "2":
            raise HTTPException(400)
        return await call_next(request)
    except (HTTPException, ValueError):
        return JSONResponse({}, 400)


@app.middleware("http")
async def token(request, call_next):
    if request.scope["method"] == "OPTIONS":
        return await call_next(request)
    if not signed_in(request):
        return JSONResponse({}, status_code=401)
    return await call_next(request)


@app.middleware("http")
async def expired(request, call_next):
    response = await call_next(request)
    if response.status_code == 419:
        return JSONResponse({}, status_code=401)
    return response


@app.middleware("http")
async def audited(request, call_next):
    response = await call_next(request)
    body = b"".join([piece async for piece in response.body_iterator])
    await write(Entry(body=body, headers=dict(response.headers)))
    answer = Response(body, response.status_code)
    answer.raw_headers = response.raw_headers
    return answer


@app.middleware("http")
async def limited(request, call_next):
    receive = request._receive

    async def counted():
        message = await receive()
        if len(message["body"]) > 1000:
            raise HTTPException(413)
        return message

    request._receive = counted
    return await call_next(request)


class Replay:
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            request = Request(scope, receive)
            body = await request.body()
            receive = replayed(body, receive)
        await self.app(scope, receive, send)


class Forward:
    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            request = Request(scope, receive)
            body = await request.body()
            check(body)
            await self.app(scope, replayed(body, receive), send)
            return
        await self.app(scope, receive, send)
""",
    "layers.py": """
from fastapi import FastAPI, HTTPException, Request, Response, status
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.middleware.base import RequestResponseEndpoint

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])


@app.exception_handler(Exception)  # fastapi-28-handler-for-exception
async def failed(request: Request, error: Exception):
    return JSONResponse({}, 500)


@app.middleware("http")
async def admins(request, call_next):
    if request.url.path.startswith("/admin"):  # fastapi-23-access-by-path-prefix
        if request.headers.get("X-Token") is None:
            return JSONResponse({}, status.HTTP_403_FORBIDDEN)
    return await call_next(request)


@app.middleware("http")  # fastapi-28-token-check-outside-cors
async def token(request, call_next):
    if not signed_in(request):
        return JSONResponse({}, status_code=401)
    response = await call_next(request)
    return response


@app.middleware("http")
async def caught(request, call_next):
    try:
        response = await call_next(request)
        return response
    except HTTPException as error:  # fastapi-21-catching-http-exception
        return JSONResponse({}, error.status_code)


@app.middleware("http")
async def connected(request: Request, call_next: RequestResponseEndpoint) -> Response:
    request.state.db_session = connect()
    try:
        return await call_next(request)
    finally:
        await request.state.db_session.close()  # fastapi-20-closed-after-call-next
""",
    "right_quart.py": """
from quart import Quart

app = Quart(__name__)


@app.get("/order")
async def order():
    return {"error": "no such order"}, 404
""",
    "tuples.py": """
from fastapi import FastAPI

app = FastAPI()
orders = {1: "tea"}


@app.get("/status")
def status():
    return {"error": "no such order"}, 404  # fastapi-43-tuple-with-status


@app.get("/page")
def page() -> tuple[dict[int, str], int]:
    return orders, 100


@app.get("/size", response_model=tuple[str, int])
def size():
    return "width", 404


@app.get("/point")
def point():
    return 100, 200


@app.get("/sorted")
def in_order():
    return sorted(orders, key=lambda order: (order, 404))


@app.get("/nested")
def nested():
    def pair():
        return "width", 404

    return pair()[0]
""",
    "orm.py": """
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from shop.models import Order

app = FastAPI()


@app.get("/loop")
async def on_the_loop() -> int:
    return Order.objects.count()  # fastapi-42-orm-in-async-def


@app.get("/nested")
async def nested() -> int:
    def count() -> int:
        return Order.objects.count()

    return await run_in_threadpool(count)
""",
    "flask_views.py": """
from flask import Flask
from flask_login import login_required

app = Flask(__name__)


@app.get("/orders")
@login_required
def orders() -> str:
    return "orders"
""",
    "constructors.py": """
from typing import Annotated

from fastapi import Depends, FastAPI

app = FastAPI()


class Pages:
    def __init__(self, size: int = Depends(size_of)) -> None:
        self.size = size


class Orders:
    def __init__(
        self,
        mailer: Mailer = Depends(Mailer),  # fastapi-80-depends-in-a-constructor
    ) -> None:
        self.mailer = mailer


class Bills:
    def __init__(
        self,
        mailer: Mailer = Depends(Mailer),  # fastapi-80-depends-in-a-constructor
    ) -> None:
        self.mailer = mailer


class Prices:
    def __init__(
        self,
        rates: Rates = Depends(Rates),  # fastapi-80-depends-in-a-constructor
    ) -> None:
        self.rates = rates


prices = Prices()


async def nightly_job() -> None:
    orders = Orders()
    orders.send()


def total() -> int:
    return Bills().total()


@app.get("/pages")
def pages(pages: Annotated[Pages, Depends()], orders: Annotated[Orders, Depends()]) -> int:
    return pages.size
""",
    "decorated_endpoints.py": """
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.security import OAuth2PasswordBearer
from shop.login import CurrentUser, get_user, login_exempt, login_required
from shop.plugins import authors

app = FastAPI()
scheme = OAuth2PasswordBearer(tokenUrl="token")


@login_required  # fastapi-110-authentication-decorator
@app.get("/above")
async def above(request: Request) -> None: ...


@app.get("/below")
@login_required
async def below(request: Request) -> None: ...


@authors.register
@app.get("/authors")
async def read_authors() -> None: ...


@login_exempt
@app.get("/open")
async def read_open() -> None: ...


@app.get("/year")
async def report(
    token: Annotated[str, Depends(scheme)],  # fastapi-110-unchecked-token
    year: int,
) -> None: ...


@app.get("/alias")
async def alias(token: Annotated[str, Depends(scheme)], user: CurrentUser) -> None: ...


@app.get("/me")
async def me(token: Annotated[str, Depends(scheme)], me: Me) -> None: ...


@app.get("/name")
async def name(token: Annotated[str, Depends(scheme)], name: Name) -> None: ...  # fastapi-110-unchecked-token


@login_page
@app.get("/login")
async def login_form() -> None: ...


@role_required  # fastapi-110-authentication-decorator
@app.get("/roles")
async def roles() -> None: ...


@app.get("/default")
async def default(
    token: Annotated[str, Depends(scheme)], user: str = Depends(get_user)
) -> None: ...
""",
    "claims.py": """
from datetime import UTC, datetime, timedelta

import jwt


def of_a_model(user, key: str) -> str:
    claims = UserClaims(sub=str(user.id)).model_dump()
    return jwt.encode(claims, key, "HS256")


def of_the_user(user, key: str) -> str:
    claims = user.model_dump()  # fastapi-111-private-claims
    return jwt.encode(claims, key, "HS256")


def of_a_push_service(team: str, key: str) -> str:
    claims = {"iss": team, "iat": datetime.now(UTC)}
    return jwt.encode(claims, key, "ES256")


def looked_up(user, session, key: str) -> str:
    return jwt.encode({"sub": str(user.id), "sid": session.id}, key, "HS256")


def one_by_one(user, more, key: str) -> str:
    claims = {"sub": str(user.id)}
    for name, value in more.items():
        claims[name] = value
    return jwt.encode(claims, key, "HS256")


def by_a_function(user, key: str) -> str:
    claims = {"sub": str(user.id)}
    add_expiry(claims, 15)
    return jwt.encode(claims, key, "HS256")


def by_another_name(user, key: str) -> str:
    claims = {"user_id": user.id}  # fastapi-114-token-without-exp
    return jwt.encode(claims, key, "HS256")


def time_zone_after() -> dict[str, object]:
    return {"exp": (datetime.now() + timedelta(minutes=5)).astimezone(UTC)}


def by_issuer(token: str) -> dict[str, object]:
    issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
    return jwt.decode(token, KEYS[issuer], ["RS256"])


def logged(token: str) -> dict[str, object]:
    logger.info("of %s", jwt.decode(token, options={"verify_signature": False})["sub"])
    return jwt.decode(token, KEY, ["RS256"])


def by_issuer_or_nothing(token: str) -> dict[str, object]:
    try:
        issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
    except jwt.InvalidTokenError:
        return {}
    return jwt.decode(token, KEYS[issuer], algorithms=["RS256"])


def by_provider(token: str) -> dict[str, object]:
    unverified = jwt.decode(token, options={"verify_signature": False})
    provider = PROVIDERS[unverified["iss"]]
    return provider.verify(token)


def ends_at(token: str) -> int:
    claims = jwt.decode(token, options={"verify_signature": False})
    return claims["exp"]


def seconds_left(token: str) -> float:
    claims = jwt.decode(token, options={"verify_signature": False})
    return claims["exp"] - time.time()


def never_verified(token: str) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})  # fastapi-114-unverified-claims
    return claims["sub"]


def authorized_party(token: str) -> dict[str, object]:
    claims = jwt.decode(token, KEY, algorithms=["RS256"], options={"verify_aud": False})
    if claims["azp"] != CLIENT:
        raise ValueError
    return claims


def client_of_cognito(token: str) -> dict[str, object]:
    try:
        claims = jwt.decode(token, KEY, algorithms=["RS256"], options={"verify_aud": False})
    except jwt.PyJWTError as error:
        raise HTTPException(401) from error
    if claims.get("client_id") not in CLIENTS:
        raise HTTPException(401)
    return claims


async def client_in_a_variable(token: str) -> dict[str, object]:
    try:
        claims = jwt.decode(token, KEY, algorithms=["RS256"], options={"verify_aud": False})
    except jwt.PyJWTError as error:
        raise HTTPException(401) from error
    client = claims.get("client_id")
    if client not in CLIENTS:
        raise HTTPException(401)
    return claims


def client_of_keycloak(token: str) -> dict[str, object]:
    try:
        claims = jwt.decode(token, KEY, algorithms=["RS256"], options={"verify_aud": False})
    except jwt.PyJWTError as error:
        raise HTTPException(401) from error
    if claims["azp"] != "web":
        raise HTTPException(401)
    return claims


def of_any_client(token: str) -> str:
    try:
        claims = jwt.decode(
            token,
            KEY,
            algorithms=["RS256"],
            options={"verify_aud": False},  # fastapi-113-audience-not-checked
        )
    except jwt.PyJWTError as error:
        raise HTTPException(401) from error
    user = claims.get("sub")
    if user is None:
        raise HTTPException(401)
    return user


def of_a_token_model(token_user: TokenUser, key: str) -> str:
    claims = token_user.model_dump()
    return jwt.encode(claims, key, "HS256")


def expiry_of_our_own(token: str) -> float:
    return jwt.decode(token, options={"verify_signature": False})["exp"]


def is_expired(token: str) -> bool:
    expiry = jwt.decode(token, options={"verify_signature": False}).get("exp")
    return expiry is not None and int(expiry) < time.time()


async def made_once() -> jwt.PyJWKClient:
    client = jwt.PyJWKClient("https://login.example.com/keys")
    return client


async def keys_at_the_start(app: FastAPI) -> AsyncIterator[None]:
    client = jwt.PyJWKClient(URL)
    client.get_signing_keys()
    yield


async def for_each_token(token: str) -> jwt.PyJWK:
    client = jwt.PyJWKClient(URL)  # fastapi-113-key-client-per-request
    key = client.get_signing_key_from_jwt(token)
    return key
""",
    "errors.py": """
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

app = FastAPI()


@app.exception_handler(Exception)
async def reported(request: Request, error: Exception) -> JSONResponse:
    await report(str(error))
    return JSONResponse({"detail": "Error"}, 500)


@app.exception_handler(Exception)
async def queued(request: Request, error: Exception) -> JSONResponse:
    await events.put({"error": str(error)})
    return JSONResponse({"detail": "Error"}, 500)


@app.exception_handler(Exception)
async def captured(request: Request, error: Exception) -> JSONResponse:
    event = {"error": str(error)}
    monitor.capture(event)
    return JSONResponse({"detail": "Error"}, 500)


@app.exception_handler(Exception)
async def told_to_the_team(request: Request, error: Exception) -> JSONResponse:
    span.set_attributes({"error": str(error)})
    await client.post(HOOK, json={"text": f"Error: {error}"})
    event = {"error": repr(error)}
    reference = await audit.write(event)
    return JSONResponse({"detail": "Error", "reference": reference}, 500)


@app.exception_handler(Exception)
async def of_our_own(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, Refusal):
        return JSONResponse({"detail": str(error)}, 400)
    return JSONResponse({"detail": "Error"}, 500)


@app.exception_handler(Exception)
async def while_debugging(request: Request, error: Exception) -> JSONResponse:
    body = {"detail": str(error)} if app.debug else {"detail": "Error"}
    return JSONResponse(body, 500)


@app.exception_handler(Exception)
async def outside_production(request: Request, error: Exception) -> JSONResponse:
    if settings.environment != "production":
        return JSONResponse({"detail": str(error)}, 500)
    if settings.environment in ("test", "local"):
        return JSONResponse({"detail": str(error)}, 500)
    if settings.is_development:
        return JSONResponse({"detail": str(error)}, 500)
    return JSONResponse({"detail": "Error"}, 500)


@app.exception_handler(Exception)
async def told_on_some_paths(request: Request, error: Exception) -> JSONResponse:
    if request.url.path.startswith("/api"):
        return JSONResponse({"detail": str(error)}, 500)  # fastapi-116-exception-text
    return JSONResponse({"detail": "Error"}, 500)


@app.exception_handler(Exception)
async def told(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 500)  # fastapi-116-exception-text


@app.exception_handler(Exception)
async def told_in_a_body(request: Request, error: Exception) -> JSONResponse:
    body = {"error": {"detail": f"Error: {error}"}}  # fastapi-116-exception-text
    response = JSONResponse(body, 500)
    response.headers["X-Error"] = "yes"
    return response


@app.exception_handler(Exception)
async def told_and_logged(request: Request, error: Exception) -> JSONResponse:
    content = {"detail": repr(error)}  # fastapi-116-exception-text
    logger.error("failed", extra=content)
    return JSONResponse(status_code=500, content=content)
""",
    "right_databases.py": """
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from requests import Session
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine


@asynccontextmanager
async def lifespan(app: FastAPI):
    with Session() as session:
        yield {"http": session}


app = FastAPI(lifespan=lifespan)


async def get_session():
    async with sessions.begin() as session:
        yield session


@app.post("/orders")
async def create(session: Annotated[AsyncSession, Depends(get_session, scope="function")]):
    return await store(session)


@app.get("/check")
async def check():
    engine = create_async_engine(ADDRESS, poolclass=NullPool)  # keeps nothing open
    async with engine.connect() as connection:
        await connection.execute(QUERY)


async def one_time_session():
    engine = create_async_engine(ADDRESS)
    try:
        async with AsyncSession(engine) as session:
            yield session
    finally:
        await engine.dispose()


async def first_use_session():
    global only_engine
    if only_engine is None:
        only_engine = create_async_engine(ADDRESS)
    async with AsyncSession(only_engine) as session:
        yield session


async def get_reports():
    engine = create_async_engine(ADDRESS)  # fastapi-120-engine-per-request
    async with AsyncSession(engine) as session:
        yield session


async def lines():
    try:
        yield await first_line()
    except Exception:
        logger.exception("broken off")


@app.get("/lines")
async def read_lines():
    return StreamingResponse(lines(), media_type="text/plain")


@app.get("/primes")
def primes():
    with ProcessPoolExecutor() as pool:
        return list(pool.map(is_prime, NUMBERS))


@app.get("/first-primes")
async def first_primes(
    number: int,
):
    with ProcessPoolExecutor() as pool:  # fastapi-9-pool-per-request
        return list(pool.map(is_prime, NUMBERS[:number]))
""",
    "right_routes_without_fastapi.py": """
import functools

from aiohttp import web
from flask import Flask

app = Flask(__name__)
routes = web.RouteTableDef()


def named(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    wrapper.__name__ = function.__name__
    return wrapper


@app.get("/report/<token>")
@named
def report(token: str, ids: list[int], q: str | None):
    return token


@routes.get("/users/{name}")
@named
async def user(request):
    return web.Response()


@routes.get("/users/me")
async def me(request):
    return web.Response()


class APIRouter:
    def get(self, path):
        return lambda function: function


router = APIRouter()


@router.get("/{path:path}")
def page(path):
    return path


class Shelf:
    @router.get("/shelf")
    def read(self, position):
        return position


site = Site()
site.include_router(router)
site.include_router(other)
site.mount("/", StaticFiles(directory="dist"))


@site.get("/health")
def health():
    return "ok"
""",
    "defaults_of_paths.py": """
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel

app = FastAPI()
router = APIRouter()


@router.get("/reports/{number}")
def report(
    size: int = Depends(size_of),
    number: int = 1,  # fastapi-51-path-default
) -> int:
    return number


@app.get("/orders/{status}")
async def orders(status: str) -> list[int]:
    return find("shop", status)


def create_app() -> FastAPI:
    app = FastAPI()

    @app.get("/pages")
    @app.get("/pages/{number}")
    async def page(number: int = 1) -> int:
        return number

    return app


class Order(BaseModel):
    status: str = "new"


def find(name: str, status: str = "new") -> list[int]:
    return []
""",
    "stacked_paths.py": """
from fastapi import FastAPI

app = FastAPI()


@app.get("/users/{user_id}")
@app.get("/users/me")
async def user(user_id: str = "me") -> str:
    return user_id


@app.get("/carts/{name}")
@app.get("/carts/own")
async def cart(name: str = "own") -> str:
    return name


@app.get("/carts/expired")  # fastapi-53-fixed-path-after-parameter
def expired() -> str:
    return "none"
""",
    "right_text_without_client.py": """
import json


def stored(cache, queue):
    queue.put(json=json.dumps({"a": 1}))
    text = json.dumps({"a": 1})
    result = cache.put("a", json=text)
    return result
""",
    "right_routes.py": """
import json
from unittest import mock

import httpx
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

app = FastAPI()
preflight = APIRouter()
api = APIRouter()


@preflight.options("/{path:path}")
async def allowed(path: str) -> None: ...


app.include_router(preflight)
app.include_router(api)


@api.get("/users/{number}")
async def user(number: int) -> int:
    return number


api: APIRouter = APIRouter()


@api.get("/users/me")
async def me() -> str:
    return "me"


def repeated(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def optional(function):
    @wrapt.decorator
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@mock.patch("shop.send")
@repeated
def test_order(send):
    text = json.dumps({"a": 1})
    assert len(text) > 1
    text = {"a": 1}
    answer = TestClient(app).post("/orders", json=text)
    assert answer.json()


@app.get("/price")
@optional
def price(year: int) -> int:
    return year


def test_client(httpx_mock, client: httpx.Client):
    httpx_mock.post("/orders", json=json.dumps("a"))
    client.post("/orders", json=json.dumps("a"))  # fastapi-54-json-encoded-twice
""",
    "right_settings_of_both_releases.py": """
import pydantic

try:
    from pydantic_settings import BaseSettings
except ImportError:
    from pydantic import BaseSettings

if pydantic.VERSION.startswith("1."):
    from pydantic import BaseSettings
else:
    from pydantic_settings import BaseSettings
""",
    "right_bottle.py": """
import bottle
from shop import LegacyWSGI, legacy

app = bottle.Bottle()
app.mount("/", LegacyWSGI(legacy))


@app.get("/orders")
def orders():
    return "none"
""",
    "right_blueprint.py": """
from fastapi import status

from shop.blueprints import orders


@orders.get("/orders")
def no_orders():
    return {"error": "no orders"}, status.HTTP_404_NOT_FOUND
""",
    "right_tuples.py": """
from collections.abc import Sequence

from fastapi import FastAPI

app = FastAPI()
Size = tuple[str, int]


@app.get("/text")
def text() -> "tuple[str, int]":
    return "width", 404


@app.get("/bare")
def bare() -> tuple:
    return "width", 404


@app.get("/alias")
def alias() -> Size:
    return "width", 404


@app.get("/sequence")
def sequence() -> Sequence[str | int]:
    return "width", 404


@app.get("/model", response_model=list)
def model():
    return "width", 404
""",
    "right_ormar.py": """
import asyncio

import ormar
from fastapi import FastAPI

app = FastAPI()


class Order(ormar.Model):
    number: int = ormar.Integer(primary_key=True)


@app.get("/counts")
async def counts() -> list[int]:
    first = Order.objects.count()
    return [await first]
""",
    "right_orm.py": """
import asyncio

from asgiref.sync import sync_to_async
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from shop import bucket
from shop.models import Order

app = FastAPI()


@app.get("/count")
async def count() -> int:
    query = lambda: Order.objects.count()
    return await run_in_threadpool(query)


@app.get("/both")
async def both() -> list[int]:
    return await asyncio.gather(Order.objects.get(pk=1), Order.objects.count())


@app.get("/files")
async def files() -> None:
    objects = bucket.objects.filter(Prefix="a")
    await run_in_threadpool(objects.delete)
""",
    "right_asgi.py": """
import json


async def from_a_queue(queue, receive, send):
    message = await receive()
    body = message["body"]
    await send(json.loads(body))


async def one_piece_only(scope, receive, send):
    message = await receive()
    if message["more_body"]:
        raise ValueError("too large")
    body = message["body"]
    await send(json.loads(body))


async def passed_on(app, scope, receive, send):
    first = await receive()
    start = first["body"]

    async def again():
        if pieces:
            return pieces.pop()
        return await receive()

    pieces = [first]
    await app(scope, again, send)
""",
    "right_thread_local.py": """
import threading

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

app = FastAPI()
state = threading.local()


class Pool:
    def use(self):
        state.connection = connect()

    async def ready(self):
        await self.opened


@app.get("/orders")
async def orders():
    def in_thread():
        state.connection = connect()
        return state.connection.orders()

    return await run_in_threadpool(in_thread)
""",
    "right_files.py": """
import os
from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.responses import FileResponse

app = FastAPI()
FOLDER = Path("reports").resolve()


@app.get("/relative/{path:path}")
def relative(path: str):
    try:
        (FOLDER / path).resolve().relative_to(FOLDER)
    except ValueError as error:
        raise HTTPException(404) from error
    return FileResponse(FOLDER / path)


@app.get("/common/{path:path}")
def common(path: str):
    full = os.path.realpath(os.path.join(FOLDER, path))
    if os.path.commonpath([full, FOLDER]) != str(FOLDER):
        raise HTTPException(404)
    return FileResponse(os.path.join(FOLDER, path))


@app.get("/parents/{path:path}")
def parents(path: str):
    if FOLDER not in (FOLDER / path).resolve().parents:
        raise HTTPException(404)
    return FileResponse(FOLDER / path)


@app.get("/listed/{path:path}")
def listed(path: str):
    if path in LISTED:
        return FileResponse(FOLDER / path)
    raise HTTPException(404)


@app.get("/checked/{path:path}")
def checked(path: str):
    check_inside(FOLDER, path)
    return FileResponse(FOLDER / path)


@app.get("/safe/{path:path}")
def safe(path: str):
    if not is_safe(path):
        raise HTTPException(404)
    return FileResponse(FOLDER / path)


@app.get("/joined/{path:path}")
def joined(path: str):
    if not is_safe(FOLDER / path):
        raise HTTPException(404)
    return FileResponse(FOLDER / path)


@app.get("/known/{path:path}")
def known(path: str):
    path = FILES[path]
    return FileResponse(path)


@app.get("/opened/{path:path}")
def opened(path: str):
    if not (FOLDER / path).exists():
        raise HTTPException(404)
    return FileResponse(FOLDER / path)  # fastapi-52-path-opened-as-file


@app.get("/login/callback")
def callback(code: str, token: str) -> None: ...
""",
    "right_sessions.py": """
import asyncio
from typing import Annotated

import aiohttp
import asyncpg
import httpx
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI
from pymongo.database import Database
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker


async def fetch(session: aiohttp.ClientSession, first: str, second: str) -> list:
    return await asyncio.gather(session.get(first), session.get(second))


async def load(session: AsyncSession, order_id: int, item_id: int) -> list:
    return await asyncio.gather(  # fastapi-121-one-session-in-two-tasks
        session.get(Order, order_id),
        session.get(Item, item_id),
    )


app = FastAPI()


@app.post("/visits")
def visit(session: Annotated[SessionData, Depends(of_cookie)], tasks: BackgroundTasks):
    tasks.add_task(write_visit, session)


@app.post("/orders")
def order(session: Annotated[AsyncSession, Depends(of_pool)], tasks: BackgroundTasks):
    tasks.add_task(send_receipt, session)  # fastapi-90-session-held-during-the-task


@app.post("/files")
def files(db: Annotated[storage.Client, Depends(of_app)], tasks: BackgroundTasks):
    tasks.add_task(write_file, db)


@app.post("/logins")
def logins(session: Annotated[dict[str, str], Depends(of_cookie)], tasks: BackgroundTasks):
    tasks.add_task(write_login, session)


@app.post("/fetches")
def fetches(session: Annotated[aiohttp.ClientSession, Depends(of_app)], tasks: BackgroundTasks):
    tasks.add_task(fetch_page, session)  # of the application, not of the request


@app.post("/counts")
def counts(db: Annotated[Redis, Depends(of_app)], tasks: BackgroundTasks):
    tasks.add_task(count, db)


@app.post("/pools")
def pools(db: Annotated[asyncpg.Pool, Depends(of_app)], tasks: BackgroundTasks):
    tasks.add_task(count, db)


@app.post("/makers")
def makers(
    db: Annotated[async_sessionmaker[AsyncSession], Depends(of_app)], tasks: BackgroundTasks
):
    tasks.add_task(count, db)


@app.post("/pages")
def pages(session: Annotated[httpx.AsyncClient, Depends(of_app)], tasks: BackgroundTasks):
    tasks.add_task(fetch_page, session)


@app.post("/documents")
def documents(db: Annotated[Database, Depends(of_app)], tasks: BackgroundTasks):
    tasks.add_task(count, db)


async def committing():
    async with sessions.begin() as new_session:
        yield new_session


@app.post("/customers")
def customer(session: AsyncSession = Depends(committing, scope="function")): ...


async def count_both(db: asyncpg.Pool) -> None:
    await asyncio.gather(db.execute("a"), db.execute("b"))  # each takes a connection


async def unit_of_work():
    async with sessions() as current_session:
        yield current_session
        await current_session.commit()


router = APIRouter(dependencies=[Depends(unit_of_work, scope="function")])
""",
    "right_own_docs.py": """
from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

app = FastAPI(docs_url=None, redoc_url=None)
mounted = FastAPI(docs_url=None, redoc_url=None)
mounted.mount("/docs", StaticFiles(directory="docs"))


@app.get("/docs", include_in_schema=False)
def docs() -> FileResponse:
    return FileResponse("docs.html")
""",
}
