import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing

from fastapi import FastAPI, Request


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    memory = sqlite3.connect(":memory:", check_same_thread=False)
    with closing(memory) as app.state.db:
        app.state.db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
        app.state.db.execute("CREATE TABLE outbox (order_id INTEGER)")
        yield


app = FastAPI(lifespan=lifespan)


# --8<-- [start:outbox]
@app.post("/orders/{order_id}", status_code=201)
def create(order_id: int, request: Request) -> None:
    with request.app.state.db as db:  # one transaction
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
