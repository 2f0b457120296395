import os
from asyncio import timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Path, Request
from sqlalchemy.ext.asyncio import (
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase): ...


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    parcel: Mapped[str]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    engine = create_async_engine(os.environ["DATABASE_URL"])
    yield {"sessions": async_sessionmaker(engine, expire_on_commit=False)}
    async with timeout(5):  # asyncpg waits for the server
        await engine.dispose()


app = FastAPI(lifespan=lifespan)


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.state.sessions() as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]


async def ask_carrier(parcel: str) -> str:
    """Stand for a call of another service, which may take seconds."""
    return f"{parcel} is on its way"


# --8<-- [start:read]
@app.get("/orders/{order_id}/parcel")
async def parcel(
    order_id: Annotated[int, Path(ge=1, lt=2**31)],
    session: SessionDep,
) -> str:
    order = await session.get(Order, order_id)
    if order is None:
        raise HTTPException(404)
    await session.commit()  # gives the connection back
    return await ask_carrier(order.parcel)


# --8<-- [end:read]
