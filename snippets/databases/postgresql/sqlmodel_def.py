# --8<-- [start:program]
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Path, Request
from pydantic import StringConstraints
from sqlmodel import Field, Session, SQLModel, create_engine, select


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    engine = create_engine(os.environ["DATABASE_URL"])
    yield {"engine": engine}
    engine.dispose()


def get_session(request: Request) -> Iterator[Session]:
    with Session(request.state.engine) as session:
        yield session


app = FastAPI(lifespan=lifespan)
# as many sessions as the pool has connections; ended before the response is sent
SessionDep = Annotated[
    Session, Depends(get_session, scope="function", max_concurrency=15)
]
Id = Annotated[int, Path(ge=1, lt=2**31)]
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")
]


class NewProduct(SQLModel):
    name: Text


class Product(NewProduct, table=True):
    id: int | None = Field(default=None, primary_key=True)


@app.post("/products", status_code=201)
def create(new: NewProduct, session: SessionDep) -> Product:
    product = Product.model_validate(new)
    session.add(product)
    session.commit()
    session.refresh(product)
    return product


@app.get("/products")
def find(name: Text, session: SessionDep) -> list[Product]:
    query = select(Product).where(Product.name == name)
    return list(session.exec(query.limit(100)))


@app.get("/products/{product_id}")
def read(product_id: Id, session: SessionDep) -> Product:
    product = session.get(Product, product_id)
    if product is None:
        raise HTTPException(404, "No such product")
    return product


# --8<-- [end:program]
