from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from sqlalchemy.orm import Session

from snippets.requests.idempotency_keys.orders_once import (
    Key,
    NewOrder,
    Order,
    SavedOrder,
    Stored,
    get_user,
    lifespan,
)

app = FastAPI(lifespan=lifespan)


def get_session(request: Request) -> Iterator[Session]:
    with Session(request.state.engine) as session:
        yield session


@app.post("/orders", status_code=201)
def create_order(
    new: NewOrder,
    key: Key,
    user: Annotated[str, Depends(get_user)],
    session: Annotated[Session, Depends(get_session)],
) -> Response:
    # --8<-- [start:body]
    stored = session.get(Stored, (user, key))
    if stored is None:
        order = Order(owner=user, item=new.item)
        session.add(order)
        session.commit()
        body = SavedOrder(id=order.id, item=order.item).model_dump_json()
        stored = Stored(owner=user, key=key, fingerprint="", body=body)
        session.add(stored)
        session.commit()
    # --8<-- [end:body]
    return Response(stored.body, 201, media_type="application/json")
