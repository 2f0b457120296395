import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from typing import Annotated

from fastapi import Depends, FastAPI


def connect() -> sqlite3.Connection:
    memory = "file:outbox?mode=memory&cache=shared"  # stands for a database server
    return sqlite3.connect(memory, uri=True, check_same_thread=False)


def get_db() -> Iterator[sqlite3.Connection]:
    with closing(connect()) as db:  # a connection, and a transaction, per request
        yield db


Database = Annotated[sqlite3.Connection, Depends(get_db)]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    with closing(connect()) as app.state.db:
        app.state.db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
        app.state.db.execute("CREATE TABLE outbox (order_id INTEGER)")
        yield


app = FastAPI(lifespan=lifespan)


# --8<-- [start:outbox]
@app.post("/orders/{order_id}", status_code=201)
def create(order_id: int, db: Database) -> None:
    with db:  # one transaction
        db.execute("INSERT INTO orders VALUES (?)", (order_id,))
        db.execute("INSERT INTO outbox VALUES (?)", (order_id,))


# --8<-- [end:outbox]
# --8<-- [start:worker]
def deliver(db: sqlite3.Connection, call_webhook: Callable[[int], None]) -> None:
    for (order_id,) in db.execute("SELECT order_id FROM outbox").fetchall():
        try:
            call_webhook(order_id)
        except ConnectionError:
            continue  # the row stays; the next run tries again
        with db:
            db.execute("DELETE FROM outbox WHERE order_id = ?", (order_id,))


# --8<-- [end:worker]
