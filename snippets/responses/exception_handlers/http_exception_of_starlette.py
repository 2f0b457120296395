from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

app = FastAPI()


# --8<-- [start:handler]
@app.exception_handler(StarletteHTTPException)
async def http_error(
    request: Request,
    exc: StarletteHTTPException,
) -> Response:
    status, headers = exc.status_code, exc.headers
    if status in (204, 205, 304):  # no body allowed
        return Response(None, status, headers)
    content = {"error": exc.detail}
    return JSONResponse(content, status, headers)


# --8<-- [end:handler]
@app.get("/items/{item_id}")
async def read_item(item_id: int) -> None:
    if item_id == 304:
        raise HTTPException(304, headers={"ETag": '"7"'})
    raise HTTPException(404, detail="no such item", headers={"X-Reason": "gone"})
