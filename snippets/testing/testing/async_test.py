import asyncio

import pytest
from httpx2 import ASGITransport, AsyncClient

from snippets.testing.testing.orders_api import app


# --8<-- [start:test]
@pytest.mark.anyio
async def test_two_orders_at_once() -> None:
    transport = ASGITransport(app)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        first, second = await asyncio.gather(
            client.post("/orders", params={"number": 1}),
            client.post("/orders", params={"number": 2}),
        )
    assert (first.status_code, second.status_code) == (201, 201)


# --8<-- [end:test]
