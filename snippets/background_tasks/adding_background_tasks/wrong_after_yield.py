from collections.abc import AsyncIterator

from fastapi import BackgroundTasks, Depends, FastAPI

app = FastAPI()
log: list[str] = []


# --8<-- [start:dependency]
async def audited(background_tasks: BackgroundTasks) -> AsyncIterator[None]:
    yield
    background_tasks.add_task(log.append, "audit")  # too late


@app.post("/users", dependencies=[Depends(audited)])
async def create_user() -> None: ...


# --8<-- [end:dependency]
