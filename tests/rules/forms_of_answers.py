"""Forms of answers, tasks and clients, right ones and wrong ones, as in ``forms.py``."""

# Semgrep reads a file with such a statement in another way.
BESIDE_A_MATCH = """

def one_of(kind: str) -> int:
    match kind:
        case "a":
            return 1
        case _:
            return 2
"""
ANSWERS = {
    "streams.py": """
import asyncio

import anyio
from fastapi import FastAPI, Request
from fastapi.sse import EventSourceResponse

app = FastAPI()


@app.get("/for-a-minute", response_class=EventSourceResponse)
async def for_a_minute():
    with anyio.move_on_after(60):
        while True:
            yield 1
            await asyncio.sleep(1)


@app.get("/until", response_class=EventSourceResponse)
async def until(request: Request):
    async with asyncio.timeout_at(request.state.end):
        while True:
            yield 1
            await asyncio.sleep(1)


@app.get("/until-shut-down", response_class=EventSourceResponse)
async def until_shut_down():
    try:
        while True:
            yield await queue.get()
    except asyncio.QueueShutDown:
        pass


@app.get("/endless", response_class=EventSourceResponse)
async def endless():
    while True:  # fastapi-146-stream-without-end
        yield 1
        await asyncio.sleep(1)
"""
    + BESIDE_A_MATCH,
    "beside_a_match.py": """
import httpx2
from fastapi import FastAPI

app = FastAPI()


@app.get("/logged-in")
async def logged_in(user: str) -> int:
    async with httpx2.AsyncClient() as client:
        await client.post("https://shop.example/login", data={"user": user})
        return (await client.get("https://shop.example")).status_code
"""
    + BESIDE_A_MATCH,
    "checked_claims.py": """
import jwt
from fastapi import FastAPI, HTTPException

app = FastAPI()


def user_of(token: str) -> str:
    payload = jwt.decode(token, KEY, algorithms=["RS256"], options={"verify_aud": False})
    claims = Claims(**payload)
    if claims.azp != "web":
        raise HTTPException(401)
    return claims.sub


def unchecked(token: str) -> str:
    return Claims.model_validate(
        jwt.decode(
            token,
            KEY,
            algorithms=["RS256"],
            options={"verify_aud": False},  # fastapi-113-audience-not-checked
        )
    ).sub


@app.get("/prices")
async def prices() -> float:
    try:
        return await load_prices()
    except Exception as error:
        if settings.ENVIRONMENT != "production":
            raise HTTPException(500, str(error)) from error
        detail = str(error) if settings.environment == "development" else "Failed"
        raise HTTPException(500, detail) from error


@app.get("/stock")
async def stock() -> int:
    try:
        return await load_stock()
    except Exception as error:
        raise HTTPException(500, str(error)) from error  # fastapi-73-text-of-the-exception
""",
    "right_answers_and_tasks.py": """
import asyncio

from fastapi import APIRouter, FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

app = FastAPI()


class Jobs:
    def add_task(self, work):
        task = asyncio.create_task(work)
        self.tasks.add(task)


jobs = Jobs()


async def refresh(key: str) -> None:
    await load(key)


@app.get("/jobs")
async def start(key: str) -> None:
    jobs.add_task(refresh(key))


@app.post("/users", response_model=UserOut)
async def create(user: UserIn) -> JSONResponse:
    if user.draft:
        return JSONResponse(UserOut(**user.model_dump()).model_dump())
    return JSONResponse(jsonable_encoder(UserOut(**user.model_dump())), 201)


def pages() -> APIRouter:
    router = APIRouter()

    @router.get("/pages/{number}")
    async def page(number: int) -> str:
        def label(number: int = 1) -> str:
            return str(number)

        return label(number)

    def load(number: int = 1) -> str:
        return str(number)

    return router
""",
}
