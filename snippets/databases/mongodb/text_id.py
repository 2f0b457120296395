from typing import Annotated

from bson import ObjectId
from fastapi import FastAPI, Path
from pydantic import BaseModel, BeforeValidator, Field

app = FastAPI()


# --8<-- [start:endpoint]
Id = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]
Text = Annotated[str, BeforeValidator(str)]


class Product(BaseModel):
    id: Text = Field(validation_alias="_id")
    name: str


@app.get("/products/{product_id}")
async def read(product_id: Id) -> Product:
    document = {"_id": ObjectId(product_id), "name": "tea"}
    return Product.model_validate(document)


# --8<-- [end:endpoint]
