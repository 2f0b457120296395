from fastapi import APIRouter, FastAPI

pages = APIRouter()
api = APIRouter(prefix="/api")


@pages.get("/{path:path}")
async def page(path: str) -> str:
    return f"page {path}"


@api.get("/items")
async def list_items() -> list[str]:
    return ["Lamp"]


# --8<-- [start:include]
app = FastAPI()
app.include_router(api)
app.include_router(pages)  # last
# --8<-- [end:include]
