"""What the tests of this topic share, beside the PostgreSQL server of ``tests/servers/``."""

import asyncio
from collections import Counter
from typing import Any

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from snippets.conftest import PATIENCE as PATIENCE  # for the tests of the topic
from snippets.conftest import client_of as client_of
from snippets.conftest import clients_that_do_not_read, started
from snippets.conftest import until as until


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
