import sqlite3
from contextlib import closing
from typing import Annotated

from fastapi import Depends, FastAPI

app = FastAPI()


async def current_user() -> str:
    return "ana"


# --8<-- [start:connection]
def connect() -> sqlite3.Connection:
    return sqlite3.connect(":memory:")


@app.get("/version")
def read_version(
    user: Annotated[str, Depends(current_user)],
) -> list[str]:
    # one thread opens, uses and closes it
    with closing(connect()) as db:
        row = db.execute("SELECT sqlite_version()").fetchone()
    return list(row)


# --8<-- [end:connection]
