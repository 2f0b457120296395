# --8<-- [start:program]
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Path, Request
from pydantic import MISSING, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    address = os.environ["DATABASE_URL"]
    engine = create_engine(address, connect_args={"connect_timeout": 5})
    yield {"engine": engine}
    engine.dispose()


app = FastAPI(lifespan=lifespan)


async def get_engine(request: Request) -> Engine:
    engine: Engine = request.state.engine
    return engine


class Base(DeclarativeBase): ...


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    cents: Mapped[int]
    note: Mapped[str | None]


Text = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")
]
Cents = Annotated[int, Field(ge=0, lt=2**31)]


class ProductPatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Text | MISSING = MISSING
    cents: Cents | MISSING = MISSING
    note: Text | MISSING | None = MISSING


class ProductOut(BaseModel):
    id: int
    name: str
    cents: int
    note: str | None


@app.patch("/products/{product_id}", response_model=ProductOut)
def change_product(
    product_id: Annotated[int, Path(ge=1, lt=2**31)],
    patch: ProductPatch,
    engine: Annotated[Engine, Depends(get_engine)],
) -> Product:
    # No dependency: it closes the session of a cancelled request in mid-use.
    with Session(engine, expire_on_commit=False) as session:
        session.execute(text("SET LOCAL lock_timeout = '5s'"))
        product = session.get(Product, product_id, with_for_update=True)
        if product is None:
            raise HTTPException(404, "No such product")
        for column, value in patch.model_dump().items():
            setattr(product, column, value)
        session.commit()
    return product


# --8<-- [end:program]
