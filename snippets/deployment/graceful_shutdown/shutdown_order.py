# --8<-- [start:app]
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import BackgroundTasks, FastAPI


async def supplier() -> None:
    await asyncio.sleep(60)  # stands for a slow service


async def send_mail() -> None:
    await asyncio.sleep(0)
    print("background task: finished")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    print("lifespan: shutdown")  # closes pools and clients


app = FastAPI(lifespan=lifespan)


@app.post("/orders")
async def create_order(tasks: BackgroundTasks) -> dict[str, bool]:
    tasks.add_task(send_mail)
    try:
        await supplier()
    except asyncio.CancelledError:
        print("endpoint: CancelledError")
        raise
    finally:
        print("endpoint: cleaned up")
    return {"ordered": True}


# --8<-- [end:app]
