from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

# --8<-- [start:handler]
app = FastAPI()


@app.exception_handler(Exception)
async def failed(
    request: Request,
    error: Exception,
) -> JSONResponse:
    detail = {"detail": "Internal Server Error"}
    return JSONResponse(detail, 500)


app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
)
# --8<-- [end:handler]


@app.get("/share")
async def share(total: int, people: int) -> int:
    return total // people
