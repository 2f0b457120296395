# --8<-- [start:program]
from fastapi import APIRouter, FastAPI

app = FastAPI()
api = APIRouter(prefix="/api")


@api.get("/items")
async def read_items() -> list[str]:
    return ["tea", "coffee"]


app.include_router(api)
# check_dir=False: starts without a build, as tests of the API do
app.frontend("/", directory="dist", check_dir=False)
# --8<-- [end:program]
