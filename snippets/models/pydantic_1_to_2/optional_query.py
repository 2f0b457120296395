from typing import Annotated

from fastapi import FastAPI, Query

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/items")
async def search(
    q: Annotated[str | None, Query()] = None,
) -> str:
    return q or "everything"


# --8<-- [end:endpoint]
