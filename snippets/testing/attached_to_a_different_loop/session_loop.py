# --8<-- [start:program]
import os
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
async def engine(anyio_backend: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(os.environ["DATABASE_URL"])
    yield engine
    await engine.dispose()


@pytest.mark.anyio
@pytest.mark.parametrize("time", ["first", "second"])
async def test_the_answer(engine: AsyncEngine, time: str) -> None:
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT 42"))).scalar_one() == 42


# --8<-- [end:program]
