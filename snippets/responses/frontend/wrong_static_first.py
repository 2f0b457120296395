from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles

app = FastAPI()
api = APIRouter(prefix="/api")


@api.get("/items")
async def read_items() -> list[str]:
    return ["tea", "coffee"]


# --8<-- [start:mount]
files = StaticFiles(directory="dist", html=True, check_dir=False)
app.mount("/", files)
app.include_router(api)
# --8<-- [end:mount]
