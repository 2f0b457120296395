# --8<-- [start:handler]
from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])


class NobodyThere(Exception): ...


@app.exception_handler(NobodyThere)
async def nobody(request: Request, error: NobodyThere) -> JSONResponse:
    return JSONResponse({"detail": "Nobody to share with"}, 400)


@app.get("/share")
async def share(total: int, people: int) -> int:
    if people == 0:
        raise NobodyThere
    return total // people


# --8<-- [end:handler]
