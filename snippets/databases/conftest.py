"""What the tests of this topic share, beside the PostgreSQL server of ``tests/servers/``."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

# How long right code may take on a busy machine before a test gives up; right code does not wait for it.
PATIENCE = 30.0


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Run the lifespan of ``app`` and yield a client for it, both in the running event loop."""
    lifespan = app.router.lifespan_context(app)
    state = await lifespan.__aenter__()

    async def with_state(
        scope: MutableMapping[str, Any], receive: Any, send: Any
    ) -> None:
        await app({**scope, "state": dict(state or {})}, receive, send)

    transport = ASGITransport(with_state)
    try:
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client
    finally:  # a server ends the lifespan the same way, whatever became of the requests
        await lifespan.__aexit__(None, None, None)


def flood(app: FastAPI, method: str, path: str, body: Any = None) -> dict[int, int]:
    """Send 100 requests at once; return how many answers had each status."""

    async def send() -> dict[int, int]:
        async with client_of(app) as client:
            requests = [client.request(method, path, json=body) for _ in range(100)]
            answers = await asyncio.gather(*requests)
        return dict(Counter(answer.status_code for answer in answers))

    return asyncio.run(send())


def status_beside_clients_that_do_not_read(app: FastAPI, path: str) -> int:
    """Hold 15 responses to ``path`` back while they are sent; return the status of one more request."""

    async def ask() -> int:
        sending, read = asyncio.Semaphore(0), asyncio.Event()

        async def held(scope: Any, receive: Any, send: Any) -> None:
            async def never_read(message: Any) -> None:
                sending.release()
                await read.wait()
                await send(message)

            slow = scope["query_string"].endswith(b"slow=1")
            await app(scope, receive, never_read if slow else send)

        async with app.router.lifespan_context(app) as state:

            async def with_state(scope: Any, receive: Any, send: Any) -> None:
                await held({**scope, "state": dict(state or {})}, receive, send)

            transport = ASGITransport(with_state)
            async with AsyncClient(transport=transport, base_url="http://test") as one:
                slow = [
                    asyncio.create_task(one.get(path, params={"slow": 1}))
                    for _ in range(15)
                ]
                try:
                    for _ in slow:
                        await asyncio.wait_for(sending.acquire(), PATIENCE)
                    answer = await asyncio.wait_for(one.get(path), PATIENCE)
                finally:
                    read.set()
                    await asyncio.gather(*slow, return_exceptions=True)
        return answer.status_code

    return asyncio.run(ask())


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 (no event tells)
            await asyncio.sleep(0.005)
