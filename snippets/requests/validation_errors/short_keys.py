from typing import Annotated, Any

from fastapi import FastAPI
from pydantic import BaseModel, BeforeValidator

app = FastAPI()


# --8<-- [start:model]
def short_keys(value: Any) -> Any:
    if isinstance(value, dict) and any(len(key) > 80 for key in value):
        raise ValueError("a key has more than 80 characters")
    return value


class Stock(BaseModel):
    shops: Annotated[dict[str, dict[str, int]], BeforeValidator(short_keys)]


# --8<-- [end:model]


@app.put("/stock")
async def set_stock(stock: Stock) -> Stock:
    return stock
