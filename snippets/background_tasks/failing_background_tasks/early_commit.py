from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, Query
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker


class Base(DeclarativeBase): ...


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str]


engine = create_engine("sqlite:///shop.db")  # stands for your database
sessions = sessionmaker(engine)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    Base.metadata.create_all(engine)
    yield


app = FastAPI(lifespan=lifespan)


def send_receipt(order_id: int) -> None:
    raise ConnectionError("no mail server")


# --8<-- [start:session]
def get_session() -> Iterator[Session]:
    with sessions() as session:
        yield session


CurrentSession = Annotated[
    Session,
    Depends(get_session, scope="function"),
]


# PostgreSQL's text holds no NUL
Item = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]+$")]


@app.post("/orders", status_code=201)
def create_order(
    item: Item,
    tasks: BackgroundTasks,
    session: CurrentSession,
) -> None:
    order = Order(item=item)
    session.add(order)
    session.commit()
    tasks.add_task(send_receipt, order.id)


# --8<-- [end:session]
