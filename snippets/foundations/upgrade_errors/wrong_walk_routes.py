# mypy: disable-error-code="attr-defined"
from fastapi import APIRouter, FastAPI

router = APIRouter(prefix="/items")


@router.get("/{item_id}")
async def show(item_id: str) -> str:
    return item_id


app = FastAPI(openapi_url=None)
app.include_router(router)


# --8<-- [start:paths]
def paths(app: FastAPI) -> list[str]:
    return [route.path for route in app.routes]


# --8<-- [end:paths]
