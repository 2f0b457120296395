import os
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

bearer = HTTPBearer()


def require_admin(
    sent: Annotated[HTTPAuthorizationCredentials, Depends(bearer)],
) -> None:
    expected = os.environ["ADMIN_TOKEN"].encode()
    if not secrets.compare_digest(sent.credentials.encode(), expected):
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
