# --8<-- [start:kinds]
from typing import Annotated, Literal

from fastapi import Cookie, FastAPI, Header, Path, Query, Request
from pydantic import BaseModel, Field

app = FastAPI()


class Item(BaseModel):
    name: str = Field(min_length=2)
    price: int = Field(ge=0)


@app.put("/items/{item_id}")
async def update_item(
    item_id: Annotated[int, Path(ge=1)],  # path
    item: Item,  # JSON body: a model
    request: Request,  # the request itself
    dry_run: bool = False,  # query: a simple type
    size: Literal["s", "m", "l"] = "m",  # query: fixed choices
    q: Annotated[str | None, Query(alias="item-query", max_length=50)] = None,
    tags: Annotated[list[str] | None, Query()] = None,  # query: ?tags=a&tags=b
    x_trace_id: Annotated[str | None, Header()] = None,  # header X-Trace-Id
    session: Annotated[str | None, Cookie()] = None,  # cookie
) -> dict[str, object]:
    return {
        "item_id": item_id,
        "item": item,
        "dry_run": dry_run,
        "size": size,
        "q": q,
        "tags": tags,
        "x_trace_id": x_trace_id,
        "session": session,
        "method": request.method,
    }


# --8<-- [end:kinds]
