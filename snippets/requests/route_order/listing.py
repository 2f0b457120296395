from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts

app = FastAPI(docs_url=None, redoc_url=None)
pages = APIRouter(prefix="/pages")


@app.get("/items")
async def list_items() -> list[str]:
    return ["Lamp"]


@pages.get("/{path:path}")
async def page(path: str) -> str:
    return f"page {path}"


app.include_router(pages)


# --8<-- [start:listing]
def routes_of(app: FastAPI) -> list[str]:
    """List methods and paths in the order in which they are tried."""
    return [
        f"{' '.join(sorted(route.methods or ())):8} {route.path}"
        for route in iter_route_contexts(app.routes)
    ]


# --8<-- [end:listing]
