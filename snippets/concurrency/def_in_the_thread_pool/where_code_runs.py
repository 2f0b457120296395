import threading
from collections.abc import Iterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, Request
from fastapi.responses import JSONResponse

app = FastAPI()


def show(what: str) -> None:
    print(f"{what:<30}{threading.current_thread().name}")


# --8<-- [start:functions]
def get_session() -> Iterator[str]:
    show("def dependency, before yield")
    yield "session"
    show("def dependency, after yield")


class Page:
    def __init__(self, size: int = 20) -> None:
        show("class as a dependency")
        self.size = size


async def current_user() -> str:
    show("async def dependency")
    return "ana"


def write_log() -> None:
    show("def background task")


@app.get("/orders")
def read_orders(
    session: Annotated[str, Depends(get_session)],
    page: Annotated[Page, Depends()],
    user: Annotated[str, Depends(current_user)],
    tasks: BackgroundTasks,
) -> list[str]:
    show("def path operation")
    tasks.add_task(write_log)
    return ["tea"]


# --8<-- [end:functions]
@app.get("/missing")
async def read_missing() -> None:
    show("async def path operation")
    raise LookupError


@app.exception_handler(LookupError)
def not_found(request: Request, error: LookupError) -> JSONResponse:
    show("def exception handler")
    return JSONResponse({"detail": "no such order"}, status_code=404)
