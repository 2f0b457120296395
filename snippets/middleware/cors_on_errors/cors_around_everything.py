# --8<-- [start:wrap]
from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

api = FastAPI()


@api.exception_handler(Exception)  # optional: JSON instead of text
async def failed(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "Internal Server Error"}, 500)


@api.get("/share")
async def share(total: int, people: int) -> int:
    return total // people


app = CORSMiddleware(api, allow_origins=["https://app.example.com"])
# --8<-- [end:wrap]
