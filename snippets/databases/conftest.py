"""What the tests of this topic share, beside the PostgreSQL server of ``tests/servers/``."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from starlette.types import ASGIApp, Receive, Scope, Send

from snippets.conftest import clients_that_do_not_read

# How long right code may take on a busy machine before a test gives up; right code does not wait for it.
PATIENCE = 30.0


@asynccontextmanager
async def started(app: FastAPI) -> AsyncIterator[ASGIApp]:
    """Run the lifespan of ``app`` and yield it with the lifespan's state, in the running event loop."""
    lifespan = app.router.lifespan_context(app)
    state = await lifespan.__aenter__()

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state or {})}, receive, send)

    try:
        yield with_state
    finally:  # a server ends the lifespan the same way, whatever became of the requests
        await lifespan.__aexit__(None, None, None)


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Run the lifespan of ``app`` and yield a client for it, both in the running event loop."""
    async with started(app) as running:
        transport = ASGITransport(running)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


def flood(app: FastAPI, method: str, path: str, body: Any = None) -> dict[int, int]:
    """Send 100 requests at once; return how many answers had each status."""

    async def send() -> dict[int, int]:
        async with client_of(app) as client:
            requests = [client.request(method, path, json=body) for _ in range(100)]
            answers = await asyncio.gather(*requests)
        return dict(Counter(answer.status_code for answer in answers))

    return asyncio.run(send())


def status_beside_clients_that_do_not_read(app: FastAPI, path: str) -> int:
    """Return the status of a request to ``path`` while 15 clients do not read their answers to it."""

    async def ask() -> int:
        async with (
            started(app) as running,
            clients_that_do_not_read(running, path, 15),
            AsyncClient(
                transport=ASGITransport(running), base_url="http://test"
            ) as client,
            asyncio.timeout(PATIENCE),
        ):
            return (await client.get(path)).status_code

    return asyncio.run(ask())


async def until(condition: Callable[[], bool]) -> None:
    """Wait until ``condition`` holds."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 (no event tells)
            await asyncio.sleep(0.005)
