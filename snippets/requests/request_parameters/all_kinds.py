from typing import Annotated

from fastapi import Cookie, FastAPI, Header, Query, Request
from pydantic import BaseModel

app = FastAPI()


class Item(BaseModel):
    name: str
    price: float


# --8<-- [start:kinds]
@app.put("/items/{item_id}")
async def update_item(
    item_id: int,  # path: the template names it
    item: Item,  # JSON body: a model
    request: Request,  # the request itself
    dry_run: bool = False,  # query: a scalar
    tags: Annotated[list[str] | None, Query()] = None,  # query, repeated
    x_trace_id: Annotated[str | None, Header()] = None,  # X-Trace-Id
    session: Annotated[str | None, Cookie()] = None,
) -> dict[str, object]:
    return {
        "item_id": item_id,
        "item": item,
        "dry_run": dry_run,
        "tags": tags,
        "x_trace_id": x_trace_id,
        "session": session,
        "method": request.method,
    }


# --8<-- [end:kinds]
