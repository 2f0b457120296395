import threading
from collections.abc import AsyncIterator, Callable
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, PlainSerializer
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

trace: list[str] = []


def note(step: str) -> None:
    worker = threading.current_thread().name == "AnyIO worker thread"
    trace.append(f"{'worker thread' if worker else 'event loop':<15}{step}")


def noted(step: str) -> Callable[[int], int]:
    def pass_through(value: int) -> int:
        note(step)
        return value

    return pass_through


class Tracing:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def traced_receive() -> Message:
            message = await receive()
            note(f"receive {message['type']}")
            return message

        async def traced_send(message: Message) -> None:
            note(f"send {message['type']}")
            await send(message)

        note("middleware, inwards")
        await self.app(scope, traced_receive, traced_send)
        note("middleware, done")


class TracedRoute(APIRoute):
    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = super().matches(scope)
        note(f"router: {self.path} {match.name}")
        return match, child_scope


app = FastAPI()
app.add_middleware(Tracing)
app.router.route_class = TracedRoute


# --8<-- [start:request]
class NewOrder(BaseModel):
    quantity: Annotated[int, AfterValidator(noted("body validated"))]


class Order(BaseModel):
    quantity: Annotated[
        int,
        AfterValidator(noted("result validated")),
        PlainSerializer(noted("result serialized")),
    ]


async def session() -> AsyncIterator[None]:
    note("session: before yield")
    yield
    note("session: after yield")


async def lock() -> AsyncIterator[None]:
    note("lock: before yield")
    yield
    note("lock: after yield")


@app.get("/orders/{order_id}")
def read_order(order_id: int) -> None: ...


@app.post("/orders", response_model=Order)
def create_order(
    order: NewOrder,
    tasks: BackgroundTasks,
    session: Annotated[None, Depends(session)],
    lock: Annotated[None, Depends(lock, scope="function")],
) -> dict[str, int]:
    note("path operation function")
    tasks.add_task(note, "background task")
    return {"quantity": order.quantity, "secret": 1}


# --8<-- [end:request]
