import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import BackgroundTasks, FastAPI

events: list[str] = []


async def supplier() -> None:
    await asyncio.sleep(5)  # stands for a slow service


async def send_mail() -> None:
    await asyncio.sleep(0)
    events.append("background task: finished")


# --8<-- [start:app]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    events.append("lifespan: shutdown")  # closes pools and clients


app = FastAPI(lifespan=lifespan)


@app.post("/orders")
async def create_order(tasks: BackgroundTasks) -> dict[str, bool]:
    tasks.add_task(send_mail)
    try:
        await supplier()
        events.append("endpoint: finished")
    except asyncio.CancelledError:
        events.append("endpoint: CancelledError")
        raise
    return {"ordered": True}


# --8<-- [end:app]
