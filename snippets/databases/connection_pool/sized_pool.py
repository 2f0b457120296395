# --8<-- [start:program]
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import (
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    engine = create_async_engine(
        os.environ["DATABASE_URL"],
        connect_args={"connect_timeout": 5},  # seconds
        pool_size=5,  # never 0: that means no limit
        max_overflow=0,  # so that pool_size is the limit
        pool_timeout=3,  # seconds to wait for a connection
        pool_pre_ping=True,  # test each connection before its use
        pool_recycle=1800,  # replace it when it is half an hour old
    )
    yield {"sessions": async_sessionmaker(engine, expire_on_commit=False)}
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.exception_handler(PoolTimeout)
async def overloaded(request: Request, error: PoolTimeout) -> JSONResponse:
    return JSONResponse({"detail": "Overloaded"}, 503, headers={"Retry-After": "1"})


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.state.sessions() as session:
        yield session


# ended before the response is sent, so that a slow client holds no connection
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]


@app.get("/one")
async def one(session: SessionDep) -> int:
    return await session.scalar(text("SELECT 1")) or 0


# --8<-- [end:program]
