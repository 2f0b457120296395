# --8<-- [start:module]
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path

from ..dependencies import SessionDep
from .schemas import OrderIn, OrderOut
from .tables import Order

router = APIRouter(prefix="/orders", tags=["orders"])
OrderId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.post("", status_code=201, response_model=OrderOut)
async def create_order(order: OrderIn, session: SessionDep) -> Order:
    row = Order(**order.model_dump())
    session.add(row)
    await session.commit()
    return row


@router.get("/{order_id}", response_model=OrderOut)
async def read_order(order_id: OrderId, session: SessionDep) -> Order:
    row = await session.get(Order, order_id)
    if row is None:
        raise HTTPException(404, "Unknown order")
    return row


# --8<-- [end:module]
