# --8<-- [start:endpoint]
from fastapi import FastAPI, HTTPException

app = FastAPI()
items = {1: "plumbus"}


@app.get("/items/{item_id}")
def read_item(item_id: int) -> str:
    if item_id not in items:
        raise HTTPException(404, "No such item")
    return items[item_id]


# --8<-- [end:endpoint]
