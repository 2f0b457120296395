from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import BackgroundTasks, Depends, FastAPI, Request, Response
from pydantic import BaseModel


class Settings(BaseModel):
    sender: str = "shop@example.org"


def get_settings() -> Settings:
    return Settings()


@asynccontextmanager
async def lifespan(
    app: FastAPI, settings: Settings = Depends(get_settings)
) -> AsyncIterator[None]:
    print("sending as", settings.sender)
    yield


app = FastAPI(lifespan=lifespan)


# --8<-- [start:helper]
def footer(
    settings: Settings = Depends(get_settings),
) -> str:
    return f"Sent by {settings.sender}"


@app.get("/footer")
def read_footer() -> str:
    return footer()


# --8<-- [end:helper]
def send_report(settings: Settings = Depends(get_settings)) -> None:
    print("sending as", settings.sender)


@app.post("/reports")
def report(tasks: BackgroundTasks) -> None:
    tasks.add_task(send_report)


@app.get("/orders/{order_id}")
def order(order_id: int) -> None:
    raise LookupError(order_id)


@app.exception_handler(LookupError)
async def not_found(
    request: Request, error: Exception, settings: Settings = Depends(get_settings)
) -> Response:
    return Response(f"Ask {settings.sender}", status_code=404)


@app.middleware("http")
async def add_sender(
    request: Request,
    call_next: Callable[[Request], Awaitable[Response]],
    settings: Settings = Depends(get_settings),
) -> Response:
    response = await call_next(request)
    if request.url.path == "/sender":
        response.headers["X-Sender"] = settings.sender
    return response
