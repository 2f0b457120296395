from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

app = FastAPI()


# --8<-- [start:handler]
@app.exception_handler(StarletteHTTPException)
async def http_error(request: Request, exc: StarletteHTTPException) -> JSONResponse:
    content = {"error": exc.detail}
    return JSONResponse(content, exc.status_code, exc.headers)


# --8<-- [end:handler]
@app.get("/items/{item_id}")
async def read_item(item_id: int) -> None:
    raise HTTPException(404, detail="no such item", headers={"X-Reason": "gone"})
