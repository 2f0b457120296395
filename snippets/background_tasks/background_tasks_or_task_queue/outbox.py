import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from typing import Annotated

from fastapi import FastAPI, Query

DATABASE = "shop.db"  # SQLite stands for your database
logger = logging.getLogger(__name__)
TABLES = """
CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, item TEXT);
CREATE TABLE IF NOT EXISTS outbox (order_id INTEGER);
"""


def connect() -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(DATABASE, timeout=30))  # seconds for a lock


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    with connect() as db:
        db.executescript(TABLES)
    yield


app = FastAPI(lifespan=lifespan)


# --8<-- [start:outbox]
ORDER = "INSERT INTO orders (item) VALUES (?)"
OUTBOX = "INSERT INTO outbox VALUES (?)"


@app.post("/orders", status_code=201)
def create(
    item: Annotated[str, Query(max_length=100, pattern=r"^[^\x00]+$")],
) -> None:
    with connect() as db, db:  # one transaction
        order = db.execute(ORDER, (item,))
        db.execute(OUTBOX, (order.lastrowid,))


# --8<-- [end:outbox]
# --8<-- [start:worker]
def deliver(db: sqlite3.Connection, call_webhook: Callable[[int], None]) -> None:
    for (order_id,) in db.execute("SELECT order_id FROM outbox").fetchall():
        try:
            call_webhook(order_id)
            with db:
                db.execute("DELETE FROM outbox WHERE order_id = ?", (order_id,))
        except Exception:  # the row stays; the next run tries again
            logger.exception("order %s stays in the outbox", order_id)


# --8<-- [end:worker]
