# --8<-- [start:program]
from fastapi import APIRouter, FastAPI

items = APIRouter(prefix="/items", tags=["items"])
users = APIRouter(prefix="/users", tags=["users"])


@items.get("", summary="List all items")
def read_items() -> list[str]:
    return ["ring"]


@items.get("/{item_id}")
def read_item(item_id: int) -> dict[str, int]:
    """
    Return one item.

    The price is in **cents**.
    """
    return {"id": item_id, "price": 250}


@users.get("/me")
def read_me() -> str:
    return "ann"


app = FastAPI(
    openapi_tags=[
        {"name": "users", "description": "Who is **logged in**."},
        {
            "name": "items",
            "description": "What the shop sells.",
            "externalDocs": {
                "description": "Catalogue",
                "url": "https://example.com/catalogue",
            },
        },
    ]
)
app.include_router(items)
app.include_router(users)
# --8<-- [end:program]
