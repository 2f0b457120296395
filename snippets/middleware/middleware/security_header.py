# --8<-- [start:program]
from fastapi import FastAPI, Request, Response
from fastapi.middleware.gzip import GZipMiddleware
from starlette.middleware.base import RequestResponseEndpoint

app = FastAPI()
app.add_middleware(GZipMiddleware)  # a ready-made class


@app.middleware("http")  # a function of your own
async def add_header(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)  # runs the rest of the application
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@app.get("/items/{item_id}")
async def read_item(item_id: int) -> dict[str, int]:
    return {"item_id": item_id}


# --8<-- [end:program]
