from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, WebSocket
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

app = FastAPI()
TOKENS: dict[str, str] = {}


# --8<-- [start:endpoint]
def get_user(
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())],
) -> str:
    user = TOKENS.get(credentials.credentials)
    if user is None:
        raise HTTPException(401, "Invalid token", {"WWW-Authenticate": "Bearer"})
    return user


@app.websocket("/ws")
async def feed(websocket: WebSocket, user: Annotated[str, Depends(get_user)]) -> None:
    await websocket.accept()
    await websocket.send_text(f"hello {user}")
    await websocket.close()


# --8<-- [end:endpoint]
