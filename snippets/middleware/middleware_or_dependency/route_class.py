# --8<-- [start:route]
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute


class NoStore(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_without_cache(request: Request) -> Response:
            response = await handle(request)
            response.headers["Cache-Control"] = "no-store"
            return response

        return handle_without_cache


accounts = APIRouter(prefix="/accounts", route_class=NoStore)


@accounts.get("/{number}")
async def account(number: int) -> int:
    return number


app = FastAPI()
app.include_router(accounts)
# --8<-- [end:route]


@app.get("/rates")
def rates() -> dict[str, float]:
    return {"EUR": 1.08}
