# --8<-- [start:program]
from fastapi import APIRouter, Depends, FastAPI, Response


async def ask_each_time(response: Response) -> None:
    response.headers["Cache-Control"] = "no-cache"


async def keep(response: Response) -> None:
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"


app = FastAPI()
# In production leave check_dir out: a missing build then stops the start.
pages = APIRouter(dependencies=[Depends(ask_each_time)])
pages.frontend("/", directory="dist", check_dir=False)
assets = APIRouter(dependencies=[Depends(keep)])
assets.frontend("/assets", directory="dist/assets", fallback=None, check_dir=False)
app.include_router(assets)
app.include_router(pages)
# --8<-- [end:program]
