# --8<-- [start:program]
from collections.abc import AsyncIterator

from fastapi import BackgroundTasks, Depends, FastAPI, Request, Response
from starlette.middleware.base import RequestResponseEndpoint
from starlette.types import ASGIApp, Message, Receive, Scope, Send

app = FastAPI()


@app.middleware("http")
async def function(request: Request, call_next: RequestResponseEndpoint) -> Response:
    print("  function: before call_next")
    response = await call_next(request)
    print("  function: after call_next, status", response.status_code)
    return response


class PureASGI:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app  # the next layer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_on(message: Message) -> None:
            print("class: passes on", message["type"])
            await send(message)

        print("class: before", scope["type"])
        await self.app(scope, receive, send_on)
        print("class: after", scope["type"])


app.add_middleware(PureASGI)  # added last: outermost


async def connection() -> AsyncIterator[None]:
    print("    dependency: before yield")
    yield
    print("    dependency: after yield")


@app.get("/items/{item_id}", dependencies=[Depends(connection)])
async def read_item(item_id: int, tasks: BackgroundTasks) -> int:
    print("      endpoint")
    tasks.add_task(print, "      background task")
    return item_id


# --8<-- [end:program]
