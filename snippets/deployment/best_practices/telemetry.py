from typing import Annotated

from fastapi import Depends, FastAPI
from starlette.types import Scope


# --8<-- [start:app]
def is_probe(scope: Scope) -> bool:
    path: str = scope["path"]  # begins with what --root-path says
    return path.removeprefix(scope.get("root_path", "")) == "/livez"


app = FastAPI(telemetry={"exclude": is_probe})


# --8<-- [end:app]
@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "ok"}


def get_price() -> int:
    return 3


@app.get("/orders/{number}")
async def order(
    number: int, price: Annotated[int, Depends(get_price)]
) -> dict[str, int]:
    return {"number": number, "price": price}
