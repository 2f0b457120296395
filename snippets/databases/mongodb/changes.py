import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from bson import ObjectId
from fastapi import Depends, FastAPI, HTTPException, Path, Request
from pydantic import BaseModel, BeforeValidator, Field
from pymongo import AsyncMongoClient, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError


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


class Price(BaseModel):
    cents: Annotated[int, Field(ge=0, lt=2**31)]


class NewProduct(Price):
    name: Annotated[str, Field(min_length=1, max_length=200)]


class Product(NewProduct):
    id: Annotated[str, BeforeValidator(str), Field(validation_alias="_id")]


# --8<-- [start:endpoints]
@app.post("/products", status_code=201)
async def create_product(new: NewProduct, products: Products) -> Product:
    document = new.model_dump()
    try:
        await products.insert_one(document)
    except DuplicateKeyError as error:
        raise HTTPException(409, "This name is taken") from error
    return Product.model_validate(document)


@app.put("/products/{product_id}/price")
async def set_price(product_id: Id, price: Price, products: Products) -> Product:
    document = await products.find_one_and_update(
        {"_id": ObjectId(product_id)},
        {"$set": price.model_dump()},
        return_document=ReturnDocument.AFTER,
    )
    if document is None:
        raise HTTPException(404, "No such product")
    return Product.model_validate(document)


# --8<-- [end:endpoints]
