from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

Credentials = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


def current_user(credentials: Credentials) -> str:
    return credentials.credentials


admin = FastAPI()


@admin.get("/users")
async def users() -> list[str]:
    return ["alice", "bob"]


# --8<-- [start:application]
app = FastAPI(dependencies=[Depends(current_user)])
app.mount("/admin", admin)
# --8<-- [end:application]


@app.get("/items")
async def items() -> list[str]:
    return []
