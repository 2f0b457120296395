from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException

app = FastAPI()


# --8<-- [start:dependency]
async def get_session() -> AsyncIterator[str]:
    print("session opens")
    try:
        yield "session"
    except Exception as error:
        print("session sees", type(error).__name__)
        raise
    finally:
        print("session closes")


# --8<-- [end:dependency]
# --8<-- [start:scopes]
RequestSession = Annotated[str, Depends(get_session)]  # scope="request"
FunctionSession = Annotated[str, Depends(get_session, scope="function")]
# --8<-- [end:scopes]


def send_mail() -> None:
    print("background task")


@app.get("/request")
async def request_scope(session: RequestSession, tasks: BackgroundTasks) -> None:
    tasks.add_task(send_mail)
    print("path operation")


@app.get("/function")
async def function_scope(session: FunctionSession, tasks: BackgroundTasks) -> None:
    tasks.add_task(send_mail)
    print("path operation")


@app.get("/request/missing")
async def missing_in_request(session: RequestSession) -> None:
    print("path operation")
    raise HTTPException(404)


@app.get("/function/missing")
async def missing_in_function(session: FunctionSession) -> None:
    print("path operation")
    raise HTTPException(404)
