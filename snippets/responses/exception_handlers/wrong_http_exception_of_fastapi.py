from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

app = FastAPI()


# --8<-- [start:handler]
@app.exception_handler(HTTPException)  # FastAPI's
async def http_error(
    request: Request,
    exc: HTTPException,
) -> JSONResponse:
    content = {"error": exc.detail}
    return JSONResponse(content, exc.status_code)


# --8<-- [end:handler]
@app.get("/items/{item_id}")
async def read_item(item_id: int) -> None:
    raise HTTPException(404, detail="no such item")
