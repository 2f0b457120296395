# --8<-- [start:program]
from fastapi import APIRouter, FastAPI, HTTPException

app = FastAPI()
api = APIRouter(prefix="/api")


@api.get("/items")
async def read_items() -> list[str]:
    return ["tea", "coffee"]


@api.get("/{path:path}", include_in_schema=False)
async def unknown(path: str) -> None:
    raise HTTPException(404, "No such path in the API")


app.include_router(api)
# In production leave check_dir out: a missing build then stops the start.
app.frontend("/", directory="dist", check_dir=False)
# --8<-- [end:program]
