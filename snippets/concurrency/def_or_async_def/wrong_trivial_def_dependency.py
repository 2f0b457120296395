from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import NonNegativeInt

app = FastAPI()
names = ["Ada", "Grace", "Barbara"]


# --8<-- [start:dependency]
def page(start: NonNegativeInt = 0) -> slice:
    return slice(start, start + 50)


@app.get("/names")
async def read_names(
    page: Annotated[slice, Depends(page)],
) -> list[str]:
    return names[page]


# --8<-- [end:dependency]
