# --8<-- [start:program]
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from bson import ObjectId
from fastapi import Depends, FastAPI, HTTPException, Path, Request
from pydantic import BaseModel, BeforeValidator, Field
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    async with AsyncMongoClient[dict[str, Any]](
        os.environ["MONGODB_URL"],
        tz_aware=True,
        timeoutMS=5000,
        socketTimeoutMS=5000,  # for the stop, which timeoutMS does not limit
    ) as client:
        yield {"database": client["shop"]}


app = FastAPI(lifespan=lifespan)
Documents = AsyncCollection[dict[str, Any]]


def get_products(request: Request) -> Documents:
    products: Documents = request.state.database["products"]
    return products


Products = Annotated[Documents, Depends(get_products)]
Id = Annotated[str, Path(pattern=r"^[0-9a-f]{24}$")]


class NewProduct(BaseModel):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    cents: Annotated[int, Field(ge=0, lt=2**31)]


class Product(NewProduct):
    id: Annotated[str, BeforeValidator(str), Field(validation_alias="_id")]


@app.post("/products", status_code=201)
async def create_product(new: NewProduct, products: Products) -> Product:
    document = new.model_dump()
    await products.insert_one(document)  # adds the _id to the document
    return Product.model_validate(document)


@app.get("/products/{product_id}")
async def read_product(product_id: Id, products: Products) -> Product:
    document = await products.find_one({"_id": ObjectId(product_id)})
    if document is None:
        raise HTTPException(404, "No such product")
    return Product.model_validate(document)


@app.get("/products")
async def list_products(products: Products) -> list[Product]:
    cursor = products.find().sort("_id", -1).limit(20)
    return [Product.model_validate(document) async for document in cursor]


# --8<-- [end:program]
