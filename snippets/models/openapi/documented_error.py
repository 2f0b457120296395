# --8<-- [start:endpoint]
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()
items = {1: "plumbus"}


class Problem(BaseModel):
    detail: str


@app.get(
    "/items/{item_id}",
    responses={404: {"model": Problem}},
)
def read_item(item_id: int) -> str:
    if item_id not in items:
        raise HTTPException(404, "No such item")
    return items[item_id]


# --8<-- [end:endpoint]
