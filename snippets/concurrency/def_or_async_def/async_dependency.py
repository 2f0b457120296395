from typing import Annotated

from fastapi import Depends, FastAPI

app = FastAPI()
names = ["Ada", "Grace", "Barbara"]


# --8<-- [start:dependency]
async def page(offset: int = 0, limit: int = 50) -> slice:
    return slice(offset, offset + limit)


@app.get("/names")
async def read_names(
    page: Annotated[slice, Depends(page)],
) -> list[str]:
    return names[page]


# --8<-- [end:dependency]
