# --8<-- [start:program]
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field
from sqlalchemy import DateTime, Engine, String, create_engine, delete, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase): ...


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str]
    item: Mapped[str]


class Stored(Base):
    __tablename__ = "idempotency_keys"
    owner: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str]
    body: Mapped[str]
    created: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), index=True
    )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Engine]]:
    address = os.environ["DATABASE_URL"]
    engine = create_engine(address, connect_args={"connect_timeout": 5})
    yield {"engine": engine}
    engine.dispose()


async def get_engine(request: Request) -> Engine:
    engine: Engine = request.state.engine
    return engine


USERS: dict[str, str] = {}  # SHA-256 of a token: name; your login in its place
Bearer = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


def get_user(bearer: Bearer) -> str:
    digest = sha256(bearer.credentials.encode()).hexdigest()
    if digest not in USERS:
        raise HTTPException(401, "Unknown token", {"WWW-Authenticate": "Bearer"})
    return USERS[digest]


Key = Annotated[str, Header(alias="Idempotency-Key", pattern="^[A-Za-z0-9-]{16,64}$")]


class NewOrder(BaseModel):
    item: str = Field(pattern=r"^[\w ]{1,40}$")


class SavedOrder(BaseModel):
    id: int
    item: str


app = FastAPI(lifespan=lifespan)


@app.post("/orders", status_code=201, response_model=SavedOrder)
def create_order(
    new: NewOrder,
    key: Key,
    user: Annotated[str, Depends(get_user)],
    engine: Annotated[Engine, Depends(get_engine)],
) -> Response:
    # No dependency: it closes the session of a cancelled request in mid-use.
    with Session(engine) as session:  # its end frees the lock
        body = answer_once(session, new, key, user)
    return Response(body, 201, media_type="application/json")


def answer_once(session: Session, new: NewOrder, key: str, user: str) -> str:
    number = func.hashtextextended(f"{user}:{key}", 0)
    if not session.scalar(select(func.pg_try_advisory_xact_lock(number))):
        raise HTTPException(409, "The key is in use", {"Retry-After": "1"})
    fingerprint = sha256(f"POST /orders {new.model_dump_json()}".encode()).hexdigest()
    stored = session.get(Stored, (user, key))
    if stored is None:
        order = Order(owner=user, item=new.item)
        session.add(order)
        session.flush()
        body = SavedOrder(id=order.id, item=order.item).model_dump_json()
        session.add(Stored(owner=user, key=key, fingerprint=fingerprint, body=body))
        session.commit()
        return body
    if stored.fingerprint != fingerprint:
        raise HTTPException(422, "The key was used for another request")
    return stored.body


def delete_expired(session: Session, age: timedelta = timedelta(days=1)) -> None:
    session.execute(delete(Stored).where(Stored.created < func.now() - age))
    session.commit()


# --8<-- [end:program]
