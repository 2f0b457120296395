from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException

app = FastAPI()


# --8<-- [start:router]
def admins_only(
    x_role: Annotated[str | None, Header()] = None,
) -> None:
    if x_role != "admin":  # stands for a real check
        raise HTTPException(403)


admin = APIRouter(
    prefix="/admin",
    dependencies=[Depends(admins_only)],
)


@admin.get("/users")
def users() -> list[str]:
    return ["alice"]


# --8<-- [end:router]
app.include_router(admin)
