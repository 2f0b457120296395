# --8<-- [start:program]
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

app = FastAPI()


class Connection:
    async def rows(self) -> AsyncIterator[int]:
        for row in (1, 2, 3):
            yield row


@asynccontextmanager
async def connect() -> AsyncIterator[Connection]:
    yield Connection()  # stands for a connection of an asynchronous driver


@app.get("/rows")
async def read_rows() -> list[int]:
    async with connect() as connection:  # awaits opening and closing
        return [row async for row in connection.rows()]  # awaits each row


# --8<-- [end:program]
