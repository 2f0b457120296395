from typing import Annotated

from fastapi import Depends, FastAPI

# --8<-- [start:app]
app = FastAPI(telemetry={"exclude": lambda scope: scope["path"] == "/livez"})


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
