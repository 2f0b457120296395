from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Next = Callable[[Request], Awaitable[Response]]


class Layer:
    """Prints when a request and the start of its response pass."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = type(self).__name__

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                print("response:", name)
            await send(message)

        if scope["type"] == "http":
            print("request: ", name)
        await self.app(scope, receive, send_on)


class ListedFirst(Layer): ...


class ListedSecond(Layer): ...


class AddedFirst(Layer): ...


class AddedSecond(Layer): ...


# --8<-- [start:order]
app = FastAPI(middleware=[Middleware(ListedFirst), Middleware(ListedSecond)])
app.add_middleware(AddedFirst)
app.add_middleware(AddedSecond)


@app.middleware("http")
async def decorated_last(request: Request, call_next: Next) -> Response:
    print("request:  decorated_last")
    response = await call_next(request)
    print("response: decorated_last")
    return response


@app.get("/report")
def report() -> int:
    print("          report")
    return 3


# --8<-- [end:order]
