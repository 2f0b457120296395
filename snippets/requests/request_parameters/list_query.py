from typing import Annotated

from fastapi import FastAPI, Query

app = FastAPI()


# --8<-- [start:list]
@app.get("/items")
async def list_items(
    ids: Annotated[list[int], Query(max_length=100)],
) -> list[int]:
    return ids


# --8<-- [end:list]
