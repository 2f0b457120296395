from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

app = FastAPI()


# --8<-- [start:handler]
@app.exception_handler(Exception)
async def server_error(request: Request, exc: Exception) -> JSONResponse:
    return JSONResponse({"detail": "internal server error"}, status_code=500)


# --8<-- [end:handler]
@app.get("/boom")
async def boom() -> None:
    raise KeyError("boom")
