# --8<-- [start:traced]
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException

app = FastAPI()


async def get_session() -> AsyncIterator[str]:
    print("session opens")  # before the path operation
    try:
        yield "session"  # the value that is injected
    except Exception as error:
        print("session sees", type(error).__name__)  # undo here
        raise  # raise it again
    finally:
        print("session closes")  # clean up here


RequestSession = Annotated[str, Depends(get_session)]  # scope="request"
FunctionSession = Annotated[str, Depends(get_session, scope="function")]


@app.get("/request")
async def in_request(
    session: RequestSession, tasks: BackgroundTasks, fail: bool = False
) -> None:
    print("path operation")
    tasks.add_task(print, "background task")
    if fail:
        raise HTTPException(404)


@app.get("/function")
async def in_function(
    session: FunctionSession, tasks: BackgroundTasks, fail: bool = False
) -> None:
    print("path operation")
    tasks.add_task(print, "background task")
    if fail:
        raise HTTPException(404)


# --8<-- [end:traced]
