import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel, Field
from sqlalchemy import create_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    sessionmaker,
)


class Base(DeclarativeBase): ...


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)


# --8<-- [start:session]
@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    engine = create_engine(os.environ["DATABASE_URL"])
    yield {"sessions": sessionmaker(engine)}
    engine.dispose()


def get_session(request: Request) -> Iterator[Session]:
    with request.state.sessions() as session:
        yield session


# --8<-- [end:session]
app = FastAPI(lifespan=lifespan)
SessionDep = Annotated[Session, Depends(get_session)]


class NewOrder(BaseModel):
    number: str = Field(pattern=r"^[\w-]{1,20}$")


@app.post("/orders", status_code=201)
def create(new: NewOrder, session: SessionDep) -> NewOrder:
    session.add(Order(number=new.number))
    session.commit()
    return new
