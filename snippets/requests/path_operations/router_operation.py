from fastapi import APIRouter, FastAPI

app = FastAPI()
router = APIRouter()


# --8<-- [start:route]
@router.get("/items/{item_id}")
async def read(item_id: int) -> dict[str, int]:
    return {"item_id": item_id}


# --8<-- [end:route]
app.include_router(router)
