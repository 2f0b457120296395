"""The life of an application, as a server leads it."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ..errors import LIFESPAN
from ..event_loop.loop import InlineLoop

Message = MutableMapping[str, Any]
Application = Callable[[Any, Any, Any], Awaitable[None]]


class Lifespan:
    """The life of an application, from its startup until it is shut down."""

    def __init__(self, app: Application, loop: InlineLoop) -> None:
        """Belong to ``app``, which runs in ``loop``."""
        self.app, self.loop = app, loop
        self.state = dict[str, Any]()
        self.is_up = False

    def start(self) -> None:
        """Start it; raise what it raises. An application without a lifespan is left alone."""
        self.to_app, self.from_app = asyncio.Queue[Message](), asyncio.Queue[Message]()
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state}
        running = self.app(scope, self.to_app.get, self.from_app.put)
        self.task = self.loop.create_task(awaited(running), name=LIFESPAN)
        self.is_up = self.tell("startup")

    def stop(self) -> None:
        """Shut it down; raise what that raises."""
        if self.is_up:
            self.is_up = False
            self.tell("shutdown")

    def tell(self, event: str) -> bool:
        """Send an event and wait for the answer; return whether the application has a lifespan."""
        self.to_app.put_nowait({"type": f"lifespan.{event}"})
        self.loop.pump(lambda: self.task.done() or not self.from_app.empty(), until_idle=True)
        answer = None if self.from_app.empty() else self.from_app.get_nowait()
        if answer and answer["type"] == f"lifespan.{event}.failed":
            self.loop.pump(self.task.done)
            self.task.result()
            raise RuntimeError(answer.get("message") or f"{event} failed")
        return answer is not None


async def awaited(running: Awaitable[None]) -> None:
    """Wait for what a task is to run: an application need not return a coroutine."""
    await running
