# --8<-- [start:program]
import sqlite3
import threading
from datetime import datetime
from timeit import Timer
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter

lock = threading.Lock()  # one connection: one thread at a time
database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute(
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, placed TEXT, euros REAL)"
)
database.executemany(
    "INSERT INTO orders VALUES (?, ?, ?)",
    [(number, "2026-11-29T12:00:00Z", number / 4) for number in range(100)],
)
app = FastAPI()


class Order(BaseModel):
    id: int
    placed: datetime
    euros: float


ORDERS = TypeAdapter(list[Order])


def read_rows() -> list[dict[str, Any]]:
    with lock:
        rows = database.execute("SELECT id, placed, euros FROM orders").fetchall()
    return [{"id": row[0], "placed": row[1], "euros": row[2]} for row in rows]


@app.get("/orders")
def read_orders() -> list[Order]:
    return ORDERS.validate_python(read_rows())


def show_parts(times: int = 1000) -> None:
    rows = read_rows()
    orders = ORDERS.validate_python(rows)
    parts = {
        "read the database": read_rows,
        "validate": lambda: ORDERS.validate_python(rows),
        "serialize": lambda: ORDERS.dump_json(orders),
    }
    for name, part in parts.items():
        milliseconds = min(Timer(part).repeat(5, times)) / times * 1000
        print(f"{name}: {milliseconds:.3f} ms")


if __name__ == "__main__":
    show_parts()
# --8<-- [end:program]
