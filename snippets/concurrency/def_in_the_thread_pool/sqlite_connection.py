import sqlite3
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI

app = FastAPI()


async def current_user() -> str:
    return "ana"


# --8<-- [start:connection]
def get_db() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(
        ":memory:",
        # the threads of a request take turns
        check_same_thread=False,
    )
    try:
        yield db
    finally:
        db.close()


# --8<-- [end:connection]
@app.get("/version")
def read_version(
    db: Annotated[sqlite3.Connection, Depends(get_db)],
    user: Annotated[str, Depends(current_user)],
) -> list[str]:
    row = db.execute("SELECT sqlite_version()").fetchone()
    return list(row)
