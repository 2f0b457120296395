# --8<-- [start:once]
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException


def get_user() -> str:
    print("get_user is called")
    return "alice"


CurrentUser = Annotated[str, Depends(get_user)]


def require_admin(user: CurrentUser) -> None:
    if user != "alice":
        raise HTTPException(403)


router = APIRouter(dependencies=[Depends(get_user), Depends(require_admin)])


@router.get("/orders")
def orders(user: CurrentUser) -> str:
    return f"orders for {user}"


app = FastAPI()
app.include_router(router)
# --8<-- [end:once]
