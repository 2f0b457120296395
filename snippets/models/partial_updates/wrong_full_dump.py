from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Product(BaseModel):
    name: str
    note: str | None = None


products = {1: Product(name="tea", note="loose")}


# --8<-- [start:endpoint]
class ProductPatch(BaseModel):
    name: str | None = None
    note: str | None = None


@app.patch("/products/{product_id}")
async def change(product_id: int, patch: ProductPatch) -> Product:
    changes = patch.model_dump()
    products[product_id] = products[product_id].model_copy(update=changes)
    return products[product_id]


# --8<-- [end:endpoint]
