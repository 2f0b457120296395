from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.middleware.base import RequestResponseEndpoint

app = FastAPI()


# --8<-- [start:refuse]
@app.middleware("http")
async def check_version(
    request: Request,
    call_next: RequestResponseEndpoint,
) -> Response:
    if request.headers.get("X-API-Version") != "2":
        detail = {"detail": "Version 2 only"}
        return JSONResponse(detail, 400)
    return await call_next(request)


# --8<-- [end:refuse]
