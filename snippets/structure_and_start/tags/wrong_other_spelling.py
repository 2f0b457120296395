from fastapi import APIRouter, FastAPI

# --8<-- [start:names]
items = APIRouter(prefix="/items", tags=["Items"])
app = FastAPI(
    openapi_tags=[
        {"name": "items", "description": "What the shop sells."},
    ]
)
# --8<-- [end:names]


@items.get("")
def read_items() -> list[str]:
    return ["ring"]


app.include_router(items)
