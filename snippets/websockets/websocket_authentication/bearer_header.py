from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, WebSocket
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

app = FastAPI()
users = {"token-of-alice": "alice"}


# --8<-- [start:dependency]
Bearer = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


async def current_user(bearer: Bearer) -> str:
    if (user := users.get(bearer.credentials)) is None:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    return user


@app.websocket("/inbox")
async def inbox(
    websocket: WebSocket, user: Annotated[str, Depends(current_user)]
) -> None:
    await websocket.accept()
    await websocket.send_text(f"inbox of {user}")
    await websocket.close()


# --8<-- [end:dependency]
