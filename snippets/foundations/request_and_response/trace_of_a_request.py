# --8<-- [start:request]
import threading
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI
from pydantic import BaseModel, field_serializer, field_validator
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def note(step: str) -> None:
    in_worker = threading.current_thread().name == "AnyIO worker thread"
    print(f"{'worker thread' if in_worker else 'event loop':<15}{step}")


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


app = FastAPI()
app.add_middleware(Tracing)


class NewOrder(BaseModel):
    quantity: int

    @field_validator("quantity")
    @classmethod
    def validated(cls, value: int) -> int:
        note("body validated")
        return value


class Order(BaseModel):
    quantity: int

    @field_validator("quantity")
    @classmethod
    def validated(cls, value: int) -> int:
        note("result validated")
        return value

    @field_serializer("quantity")
    def serialized(self, value: int) -> int:
        note("result serialized")
        return value


async def session() -> AsyncIterator[None]:
    note("session: before yield")
    try:
        yield
    finally:
        note("session: after yield")


async def lock() -> AsyncIterator[None]:
    note("lock: before yield")
    try:
        yield
    finally:
        note("lock: after yield")


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
