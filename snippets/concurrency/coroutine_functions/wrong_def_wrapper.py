from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from fastapi import FastAPI, HTTPException

P = ParamSpec("P")
T = TypeVar("T")

app = FastAPI()
users = {1: "Ada"}


# --8<-- [start:decorator]
class NoSuchUser(Exception): ...


def no_user_is_404(
    func: Callable[P, Awaitable[T]],
) -> Callable[P, Awaitable[T]]:
    @wraps(func)
    def wrapper(
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Awaitable[T]:
        try:
            return func(*args, **kwargs)
        except NoSuchUser:
            raise HTTPException(404) from None

    return wrapper


# --8<-- [end:decorator]
@app.get("/users/{user_id}")
@no_user_is_404
async def read_user(user_id: int) -> str:
    if user_id not in users:
        raise NoSuchUser
    return users[user_id]
