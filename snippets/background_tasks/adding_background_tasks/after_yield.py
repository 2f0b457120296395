from collections.abc import AsyncIterator

from fastapi import BackgroundTasks, Depends, FastAPI

app = FastAPI()


# --8<-- [start:dependency]
async def audited(
    tasks: BackgroundTasks,
) -> AsyncIterator[None]:
    yield
    tasks.add_task(print, "audit")


Audited = Depends(audited, scope="function")


@app.post("/users", dependencies=[Audited])
async def create_user() -> None: ...


# --8<-- [end:dependency]
