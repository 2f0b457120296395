import os
from asyncio import timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Path, Request
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


class Audit(Base):
    __tablename__ = "audits"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int]


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


# --8<-- [start:create]
# PostgreSQL's text holds no NUL
Parcel = Annotated[str, Path(max_length=40, pattern=r"^[^\x00]+$")]


@app.post("/orders/{parcel}", status_code=201)
async def create(parcel: Parcel, session: SessionDep) -> int:
    order = Order(parcel=parcel)
    session.add(order)
    await session.flush()
    session.add(Audit(order_id=order.id))
    await session.commit()
    return order.id


# --8<-- [end:create]
