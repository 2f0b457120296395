import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from fastapi import FastAPI

FILE = os.environ.get("VISITS_FILE") or Path(tempfile.gettempdir()) / "visits.db"
TABLE = "CREATE TABLE IF NOT EXISTS visits (id INTEGER PRIMARY KEY, n INTEGER)"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    with closing(sqlite3.connect(FILE, timeout=30)) as db, db:
        db.execute(TABLE)
    yield


app = FastAPI(lifespan=lifespan)


# --8<-- [start:counter]
COUNT = """
    INSERT INTO visits VALUES (1, 1)
    ON CONFLICT (id)
    DO UPDATE SET n = n + 1 RETURNING n
"""


@app.post("/visits")
def visit() -> dict[str, int]:
    with closing(sqlite3.connect(FILE, timeout=30)) as db, db:
        n: int = db.execute(COUNT).fetchone()[0]
    return {"visits": n, "process": os.getpid()}


# --8<-- [end:counter]
