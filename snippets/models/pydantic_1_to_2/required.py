# --8<-- [start:program]
from typing import Annotated

from fastapi import FastAPI, Query

app = FastAPI()


@app.get("/search")
async def search(q: Annotated[str, Query(min_length=3)]) -> str:
    return q


@app.get("/optional")
async def optional(q: Annotated[str | None, Query()] = None) -> str:
    return q or "nothing"


# --8<-- [end:program]
