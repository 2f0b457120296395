# --8<-- [start:program]
import threading
from collections.abc import Iterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI

app = FastAPI()


def show(what: str) -> None:
    print(f"{what:<29} {threading.current_thread().name}")


def get_session() -> Iterator[str]:
    show("def dependency, before yield")
    yield "session"
    show("def dependency, after yield")


async def current_user() -> str:
    show("async def dependency")
    return "ana"


def write_log() -> None:
    show("def background task")


@app.get("/orders")
def read_orders(
    session: Annotated[str, Depends(get_session)],
    user: Annotated[str, Depends(current_user)],
    tasks: BackgroundTasks,
) -> list[str]:
    show("def path operation")
    tasks.add_task(write_log)
    return ["tea"]


# --8<-- [end:program]
