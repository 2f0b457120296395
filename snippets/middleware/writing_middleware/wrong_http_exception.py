from fastapi import FastAPI, HTTPException, Request, Response
from starlette.middleware.base import RequestResponseEndpoint

app = FastAPI()


# --8<-- [start:refuse]
@app.middleware("http")
async def check_version(
    request: Request,
    call_next: RequestResponseEndpoint,
) -> Response:
    if request.headers.get("X-API-Version") != "2":
        raise HTTPException(400, "Version 2 only")
    return await call_next(request)


# --8<-- [end:refuse]
