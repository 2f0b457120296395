import os
from asyncio import timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Path, Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import (
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase): ...


class Concert(Base):
    __tablename__ = "concerts"
    id: Mapped[int] = mapped_column(primary_key=True)
    tickets: Mapped[int]


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
Id = Annotated[int, Path(ge=1, lt=2**31)]


# --8<-- [start:buy]
@app.post("/concerts/{concert_id}/buy")
async def buy(concert_id: Id, session: SessionDep) -> int:
    await session.execute(text("SET LOCAL lock_timeout = '5s'"))
    concert = await session.get(
        Concert,
        concert_id,
        with_for_update=True,
        populate_existing=True,
    )
    if concert is None:
        raise HTTPException(404, "No such concert")
    if concert.tickets < 1:
        raise HTTPException(409, "Sold out")
    concert.tickets -= 1
    await session.commit()
    return concert.tickets


# --8<-- [end:buy]
