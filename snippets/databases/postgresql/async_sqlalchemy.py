# --8<-- [start:program]
import os
from asyncio import timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Path, Request
from pydantic import BaseModel, StringConstraints
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import (
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


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


# ended before the response is sent, so that a slow client holds no connection
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
Id = Annotated[int, Path(ge=1, lt=2**31)]
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")
]


class Base(DeclarativeBase): ...


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)


class NewCustomer(BaseModel):
    email: Text


class CustomerOut(NewCustomer):
    id: int


@app.get("/customers/{customer_id}", response_model=CustomerOut)
async def read(customer_id: Id, session: SessionDep) -> Customer:
    customer = await session.get(Customer, customer_id)
    if customer is None:
        raise HTTPException(404, "No such customer")
    return customer


UNIQUE_VIOLATION = "23505"


@app.post("/customers", status_code=201, response_model=CustomerOut)
async def create(new: NewCustomer, session: SessionDep) -> Customer:
    customer = Customer(email=new.email)
    session.add(customer)
    try:
        await session.commit()
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", "") != UNIQUE_VIOLATION:
            raise
        raise HTTPException(409, "Address in use") from error
    return customer


# --8<-- [end:program]
