# --8<-- [start:probes]
import asyncio
from time import monotonic
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException


class Database:
    async def ping(self) -> None:
        """Run SELECT 1 on a connection of its own, not of the pool."""


async def get_database() -> Database:
    return Database()


Db = Annotated[Database, Depends(get_database)]
one_ping = asyncio.Lock()  # clients can ask /readyz too
app = FastAPI()
app.state.last_ping = float("-inf")


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "ok"}  # asks nobody


@app.get("/readyz")
async def readyz(database: Db) -> dict[str, str]:
    try:
        async with asyncio.timeout(1), one_ping:
            if monotonic() - app.state.last_ping > 1:  # good for a second
                await database.ping()
                app.state.last_ping = monotonic()
    except OSError as error:  # and what your driver raises
        raise HTTPException(503, "no database") from error
    return {"status": "ok"}


# --8<-- [end:probes]
