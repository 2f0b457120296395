# --8<-- [start:program]
import os
from collections.abc import AsyncIterator
from functools import cache
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import make_url, select
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import NullPool


class Base(DeclarativeBase): ...


class Order(Base):
    __tablename__ = "async_orders"
    id: Mapped[int] = mapped_column(primary_key=True)


@cache
def get_engine() -> AsyncEngine:
    return create_async_engine(os.environ["DATABASE_URL"])


async def get_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(get_engine()) as session:
        yield session


app = FastAPI()


@app.post("/orders", status_code=201)
async def create(session: Annotated[AsyncSession, Depends(get_session)]) -> None:
    session.add(Order())
    await session.commit()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def connection(anyio_backend: str) -> AsyncIterator[AsyncConnection]:
    url = make_url(os.environ["TEST_DATABASE_URL"])
    assert str(url.database).endswith("_test"), "not a database for tests"
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        transaction = await connection.begin()
        await connection.run_sync(Base.metadata.create_all)
        yield connection
        await transaction.rollback()


def joined(connection: AsyncConnection) -> AsyncSession:
    return AsyncSession(connection, join_transaction_mode="create_savepoint")


@pytest.fixture
async def client(connection: AsyncConnection) -> AsyncIterator[AsyncClient]:
    async def override() -> AsyncIterator[AsyncSession]:
        async with joined(connection) as session:
            yield session

    app.dependency_overrides[get_session] = override
    transport = ASGITransport(app=app)
    try:
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client
    finally:
        del app.dependency_overrides[get_session]


@pytest.mark.anyio
async def test_stored(client: AsyncClient, connection: AsyncConnection) -> None:
    assert (await client.post("/orders")).status_code == 201
    async with joined(connection) as session:
        assert len((await session.scalars(select(Order))).all()) == 1


# --8<-- [end:program]
