import asyncio
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, UploadFile

app = FastAPI()
tasks = set[asyncio.Task[int]]()
wait_for_turn: Callable[[], Awaitable[object]] = asyncio.Event().wait


# --8<-- [start:endpoint]
@app.post("/reports", status_code=202)
async def index_report(file: UploadFile) -> None:
    task = asyncio.create_task(index(file))
    tasks.add(task)


async def index(file: UploadFile) -> int:
    await wait_for_turn()
    return len(await file.read())


# --8<-- [end:endpoint]
