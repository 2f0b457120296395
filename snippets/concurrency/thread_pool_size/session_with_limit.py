from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy import QueuePool, create_engine, text
from sqlalchemy.orm import Session

app = FastAPI()

# 5 connections and 10 more at a peak; who waits longer than 30 seconds gets an error.
engine = create_engine(
    "sqlite://",
    poolclass=QueuePool,
    connect_args={"check_same_thread": False},
)


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


# --8<-- [start:session]
SessionDep = Annotated[
    Session,
    Depends(
        get_session,
        scope="function",
        max_concurrency=15,
    ),
]


@app.get("/orders")
def orders(session: SessionDep) -> list[str]:
    query = text("SELECT 'tea'")
    return list(session.scalars(query))


# --8<-- [end:session]
