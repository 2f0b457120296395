from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import BackgroundTasks, Depends, FastAPI, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Next = Callable[[Request], Awaitable[Response]]
app = FastAPI()


# --8<-- [start:function]
@app.middleware("http")
async def around_http(request: Request, call_next: Next) -> Response:
    print("  function: before call_next")
    response = await call_next(request)
    print("  function: after call_next, status", response.status_code)
    return response


# --8<-- [end:function]


# --8<-- [start:asgi]
class AroundEverything:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app  # the next layer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_on(message: Message) -> None:
            print("class: passes on", message["type"])
            await send(message)

        print("class: before", scope["type"])
        await self.app(scope, receive, send_on)
        print("class: after", scope["type"])


app.add_middleware(AroundEverything)  # added last: outermost
# --8<-- [end:asgi]


async def connection() -> AsyncIterator[None]:
    print("    dependency: before yield")
    yield
    print("    dependency: after yield")


# --8<-- [start:endpoint]
@app.get("/items/{item_id}", dependencies=[Depends(connection)])
async def read_item(item_id: int, tasks: BackgroundTasks) -> int:
    print("      endpoint")
    tasks.add_task(print, "      background task")
    return item_id


# --8<-- [end:endpoint]
