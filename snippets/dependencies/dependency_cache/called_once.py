from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException

app = FastAPI()


# --8<-- [start:once]
def get_user() -> str:
    print("get_user is called")
    return "alice"


UserDep = Annotated[str, Depends(get_user)]


def require_admin(user: UserDep) -> None:
    if user != "alice":
        raise HTTPException(403)


router = APIRouter(dependencies=[Depends(get_user), Depends(require_admin)])


@router.get("/orders")
def orders(user: UserDep) -> str:
    return f"orders for {user}"


# --8<-- [end:once]
app.include_router(router)
