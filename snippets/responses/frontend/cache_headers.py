# --8<-- [start:program]
from fastapi import APIRouter, Depends, FastAPI, Request, Response


async def cache(request: Request, response: Response) -> None:
    hashed = request.url.path.startswith("/assets/")
    page = "text/html" in request.headers.get("accept", "")
    if hashed and not page:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache"


app = FastAPI()
pages = APIRouter(dependencies=[Depends(cache)])
pages.frontend("/", directory="dist", fallback="index.html", check_dir=False)
app.include_router(pages)
# --8<-- [end:program]
