from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from httpx2 import ASGITransport, AsyncClient

from snippets.testing.lifespan_in_tests.app_with_lifespan import app


# --8<-- [start:client]
@asynccontextmanager
async def async_client() -> AsyncIterator[AsyncClient]:
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://test") as client,
    ):
        yield client


# --8<-- [end:client]
