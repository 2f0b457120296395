# --8<-- [start:program]
from fastapi import APIRouter, FastAPI

app = FastAPI()
api = APIRouter(prefix="/api")


@api.get("/items")
async def read_items() -> list[str]:
    return ["tea", "coffee"]


app.include_router(api)
# In production leave check_dir out: a missing build then stops the start.
app.frontend("/", directory="dist", check_dir=False)
# --8<-- [end:program]
