# --8<-- [start:endpoint]
from typing import Annotated

from fastapi import Body, FastAPI, HTTPException, Path
from pydantic import BaseModel, Field

app = FastAPI(
    title="Shop",
    version="2.1.0",
    description="Items of a small shop.",
    openapi_tags=[{"name": "stock", "description": "What is on the shelves"}],
)


class Item(BaseModel):
    name: Annotated[str, Field(description="As on the label")]


class Problem(BaseModel):
    detail: str


items = {1: Item(name="plumbus")}


@app.put(
    "/items/{item_id}",
    tags=["stock"],
    deprecated=True,
    responses={404: {"model": Problem}},
)
def replace_item(
    item_id: Annotated[int, Path(ge=1)],
    item: Annotated[Item, Body(examples=[{"name": "plumbus"}])],
) -> Item:
    """Replace an item that exists."""
    if item_id not in items:
        raise HTTPException(404, "No such item")
    items[item_id] = item
    return item


@app.get("/internal", include_in_schema=False)
def internal() -> None: ...


# --8<-- [end:endpoint]
