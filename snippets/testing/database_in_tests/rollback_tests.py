# --8<-- [start:program]
import os
from collections.abc import Iterator
from functools import cache
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, HTTPException
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field
from sqlalchemy import Connection, Engine, String, create_engine, make_url, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase): ...


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)


@cache
def make_engine() -> Engine:
    return create_engine(os.environ["DATABASE_URL"])


async def get_engine() -> Engine:  # on the event loop: threads would make several
    return make_engine()


def get_session(engine: Annotated[Engine, Depends(get_engine)]) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


class NewOrder(BaseModel):
    number: str = Field(pattern=r"^[\w-]{1,20}$")


app = FastAPI()


@app.post("/orders", status_code=201)
def create(new: NewOrder, session: Annotated[Session, Depends(get_session)]) -> None:
    session.add(Order(number=new.number))
    try:
        session.commit()
    except IntegrityError as error:
        session.rollback()
        raise HTTPException(409, "Number in use") from error


# The fixtures, usually in conftest.py
@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    url = make_url(os.environ["TEST_DATABASE_URL"])
    assert str(url.database).endswith("_test"), "not a database for tests"
    engine = create_engine(url)
    Base.metadata.drop_all(engine)  # what an interrupted run has left
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


def joined(connection: Connection) -> Session:
    return Session(connection, join_transaction_mode="create_savepoint")


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    with joined(connection) as session:
        yield session


@pytest.fixture
def client(connection: Connection) -> Iterator[TestClient]:
    def override() -> Iterator[Session]:
        with joined(connection) as session:
            yield session

    app.dependency_overrides[get_session] = override
    try:
        with TestClient(app) as client:
            yield client
    finally:
        del app.dependency_overrides[get_session]


# The tests
def test_an_order_is_stored(client: TestClient, session: Session) -> None:
    assert client.post("/orders", json={"number": "A-1"}).status_code == 201
    assert session.scalars(select(Order.number)).all() == ["A-1"]


def test_a_number_is_stored_once(client: TestClient, session: Session) -> None:
    session.add(Order(number="A-1"))
    session.commit()
    assert client.post("/orders", json={"number": "A-1"}).status_code == 409
    assert session.scalars(select(Order.number)).all() == ["A-1"]


# --8<-- [end:program]
