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


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 (no event tells)
            await asyncio.sleep(0.005)
