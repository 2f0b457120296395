from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

app = FastAPI()


# --8<-- [start:endpoint]
class Problem(BaseModel):
    detail: str


@app.get(
    "/items/{item_id}",
    responses={404: {"model": Problem}},
)
async def read_item(item_id: int) -> str:
    if item_id > 10:
        raise HTTPException(404, "No such item")
    return "plumbus"


# --8<-- [end:endpoint]
