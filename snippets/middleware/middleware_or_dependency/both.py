# --8<-- [start:program]
from hashlib import sha256
from typing import Annotated

from fastapi import (
    APIRouter,
    Depends,
    FastAPI,
    HTTPException,
    Request,
    Response,
    WebSocket,
)
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.middleware.base import RequestResponseEndpoint

ADMINS: set[str] = set()  # SHA-256 of their tokens; your table in its place
app = FastAPI()


# for every request: middleware
@app.middleware("http")
async def add_header(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


# for certain routes: a dependency
async def admins_only(
    sent: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> None:
    if sha256(sent.credentials.encode()).hexdigest() not in ADMINS:
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})


admin = APIRouter(prefix="/admin", dependencies=[Depends(admins_only)])


@admin.get("/users/{user_id}")
async def user(user_id: int) -> dict[str, int]:
    return {"user_id": user_id}


@admin.websocket("/events")
async def events(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("restarted")
    await websocket.close()


app.include_router(admin)
# --8<-- [end:program]
