from collections.abc import AsyncIterator

from fastapi import BackgroundTasks, Depends, FastAPI

app = FastAPI()
log: list[str] = []


# --8<-- [start:dependency]
async def audited(background_tasks: BackgroundTasks) -> AsyncIterator[None]:
    yield
    background_tasks.add_task(log.append, "audit")


@app.post("/users", dependencies=[Depends(audited, scope="function")])
async def create_user() -> None: ...


# --8<-- [end:dependency]
