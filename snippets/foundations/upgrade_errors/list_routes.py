# --8<-- [start:paths]
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts


def paths(app: FastAPI) -> list[str]:
    routes = iter_route_contexts(app.routes)
    return [route.path for route in routes if route.path]


# --8<-- [end:paths]

router = APIRouter(prefix="/items")


@router.get("/{item_id}")
async def show(item_id: str) -> str:
    return item_id


app = FastAPI(openapi_url=None)
app.include_router(router)
