# --8<-- [start:program]
from typing import Annotated

from fastapi import FastAPI, HTTPException
from pydantic import MISSING, BaseModel, ConfigDict, Field

app = FastAPI()
Text = Annotated[str, Field(min_length=1, max_length=200)]
Cents = Annotated[int, Field(ge=0, lt=2**31)]


class Product(BaseModel):
    name: Text
    cents: Cents
    note: Text | None = None


class ProductPatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Text | MISSING = MISSING
    cents: Cents | MISSING = MISSING
    note: Text | MISSING | None = MISSING


products = {1: Product(name="tea", cents=450, note="loose")}


@app.patch("/products/{product_id}")
async def change_product(product_id: int, patch: ProductPatch) -> Product:
    if product_id not in products:
        raise HTTPException(404, "No such product")
    changes = patch.model_dump()  # only what was sent
    product = products[product_id].model_copy(update=changes)
    products[product_id] = product
    return product


# --8<-- [end:program]
