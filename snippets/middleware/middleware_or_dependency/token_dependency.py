from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, WebSocket
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

TOKEN = "9d2e"  # stands for the check of a real token


# --8<-- [start:check]
bearer = HTTPBearer()
Bearer = Annotated[HTTPAuthorizationCredentials, Depends(bearer)]


async def check_token(sent: Bearer) -> None:
    if sent.credentials != TOKEN:
        raise HTTPException(401, "Token?")


app = FastAPI(dependencies=[Depends(check_token)])
# --8<-- [end:check]


@app.get("/report")
def report() -> int:
    return 3


@app.websocket("/prices")
async def prices(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("EUR 1.08")
    await websocket.close()
