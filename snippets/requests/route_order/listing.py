# --8<-- [start:listing]
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts

app = FastAPI(openapi_url=None)
pages = APIRouter(prefix="/pages")


@app.get("/items")
async def list_items() -> list[str]:
    return ["Lamp"]


@pages.get("/{path:path}")
async def page(path: str) -> str:
    return f"page {path}"


app.include_router(pages)


def print_routes(app: FastAPI) -> None:
    for route in iter_route_contexts(app.routes):
        methods = " ".join(sorted(route.methods or ()))
        print(f"{methods:8} {route.path}")


if __name__ == "__main__":
    print_routes(app)
# --8<-- [end:listing]
