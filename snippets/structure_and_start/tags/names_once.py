# --8<-- [start:names]
from enum import StrEnum

from fastapi import APIRouter, FastAPI


class Tag(StrEnum):
    ITEMS = "items"
    USERS = "users"


items = APIRouter(prefix="/items", tags=[Tag.ITEMS])
app = FastAPI(
    openapi_tags=[
        {"name": Tag.USERS, "description": "Who is logged in."},
        {"name": Tag.ITEMS, "description": "What the shop sells."},
    ]
)
# --8<-- [end:names]


@items.get("")
def read_items() -> list[str]:
    return ["ring"]


app.include_router(items)
