# --8<-- [start:program]
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field


class OrjsonRequest(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = orjson.loads(await self.body())
        return self._json


class OrjsonRoute(APIRoute):
    def get_route_handler(
        self,
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def with_orjson(request: Request) -> Response:
            # The same object: exception handlers can read its body.
            request.__class__ = OrjsonRequest
            return await handle(request)

        return with_orjson


app = FastAPI()
app.router.route_class = OrjsonRoute  # before the first path operation


class Point(BaseModel):
    x: float
    y: float


@app.post("/points")
async def count_points(
    points: Annotated[list[Point], Field(max_length=1000)],
) -> int:
    return len(points)


# --8<-- [end:program]
