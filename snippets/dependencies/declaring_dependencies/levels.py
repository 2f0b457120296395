# --8<-- [start:levels]
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI


def say(text: str) -> Callable[[], None]:
    def dependency() -> None:
        print(text)

    return dependency


app = FastAPI(dependencies=[Depends(say("application"))])
router = APIRouter(dependencies=[Depends(say("router"))])


def parameter(sub: Annotated[None, Depends(say("sub-dependency"))]) -> None:
    print("parameter")


@router.get("/orders", dependencies=[Depends(say("decorator"))])
def orders(value: Annotated[None, Depends(parameter)]) -> None:
    print("path operation")


app.include_router(router, dependencies=[Depends(say("include_router"))])
# --8<-- [end:levels]
