from typing import Annotated

from fastapi import Body, FastAPI, HTTPException, Path
from pydantic import BaseModel, Field

app = FastAPI(title="Shop", version="2.1.0")


# --8<-- [start:endpoint]
class Item(BaseModel):
    name: Annotated[str, Field(description="As on the label")]


class Problem(BaseModel):
    detail: str


@app.put(
    "/items/{item_id}",
    tags=["stock"],
    deprecated=True,
    responses={404: {"model": Problem}},
)
async def replace_item(
    item_id: Annotated[int, Path(ge=1)],
    item: Annotated[Item, Body(examples=[{"name": "plumbus"}])],
) -> Item:
    """Replace an item that exists."""
    if item_id > 10:
        raise HTTPException(404, "No such item")
    return item


@app.get("/internal", include_in_schema=False)
async def internal() -> None: ...


# --8<-- [end:endpoint]
