from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

app = FastAPI()


# --8<-- [start:handler]
@app.exception_handler(HTTPException)  # fastapi.HTTPException
async def http_error(request: Request, exc: HTTPException) -> JSONResponse:
    return JSONResponse({"error": exc.detail}, exc.status_code)


# --8<-- [end:handler]
@app.get("/items/{item_id}")
async def read_item(item_id: int) -> None:
    raise HTTPException(404, detail="no such item")
