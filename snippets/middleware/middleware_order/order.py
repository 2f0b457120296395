# --8<-- [start:program]
from fastapi import FastAPI, Request, Response
from fastapi.middleware import Middleware
from starlette.middleware.base import RequestResponseEndpoint
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Layer:
    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app, self.name = app, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                print("response:", self.name)
            await send(message)

        print("request: ", self.name)
        await self.app(scope, receive, send_on)


listed = [Middleware(Layer, name="listed 1"), Middleware(Layer, name="listed 2")]
app = FastAPI(middleware=listed)
app.add_middleware(Layer, name="added A")
app.add_middleware(Layer, name="added B")


@app.middleware("http")
async def decorated(request: Request, call_next: RequestResponseEndpoint) -> Response:
    print("request:  decorated")
    response = await call_next(request)
    print("response: decorated")
    return response


@app.get("/report")
def report() -> int:
    print("          path operation")
    return 3


# --8<-- [end:program]
