from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

bearer = HTTPBearer()
ADMINS: set[str] = set()  # SHA-256 of their tokens; your table in its place


def require_admin(
    sent: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
) -> None:
    if sha256(sent.credentials.encode()).hexdigest() not in ADMINS:
        raise HTTPException(403, "Not an admin")


# --8<-- [start:router]
admin = APIRouter(
    prefix="/admin",
    tags=["admin only"],
    dependencies=[Depends(require_admin)],
)
# --8<-- [end:router]


@admin.delete("/users/{user_id}")
def delete_user(user_id: int) -> int:
    return user_id


app = FastAPI()
app.include_router(admin)
