# --8<-- [start:module]
from asyncio import timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import (
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass


Sessions = async_sessionmaker[AsyncSession]


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Sessions]:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:  # in earnest: a migration
            await connection.run_sync(Base.metadata.create_all)
        yield async_sessionmaker(engine, expire_on_commit=False)
    finally:
        async with timeout(5):  # asyncpg waits for the server
            await engine.dispose()


# --8<-- [end:module]
