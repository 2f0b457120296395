# --8<-- [start:program]
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import DateTime, Engine, Index, create_engine, select, tuple_
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    engine = create_engine(os.environ["DATABASE_URL"])
    yield {"engine": engine}
    engine.dispose()


app = FastAPI(lifespan=lifespan)


async def get_engine(request: Request) -> AsyncIterator[Engine]:
    yield request.state.engine


# as many at once as the pool has connections; ends before the response is sent
EngineDep = Annotated[Engine, Depends(get_engine, scope="function", max_concurrency=15)]


class Base(DeclarativeBase): ...


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    __table_args__ = (Index("posts_newest", "created", "id"),)


class PostOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    title: str
    created: AwareDatetime  # without a zone the cursor would be another time


class Posts(BaseModel):
    items: list[PostOut]
    next: str | None


class Cursor(BaseModel):
    created: AwareDatetime
    id: Annotated[int, Field(ge=0, lt=2**31)]

    def encode(self) -> str:
        return urlsafe_b64encode(self.model_dump_json().encode()).decode()

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        try:
            return cls.model_validate_json(urlsafe_b64decode(text))
        except ValueError as error:  # no base64, no JSON, or other values
            raise HTTPException(422, "This cursor is not valid") from error


@app.get("/posts")
def list_posts(
    engine: EngineDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Posts:
    statement = select(Post).order_by(Post.created.desc(), Post.id.desc())
    if after is not None:
        last = Cursor.decode(after)
        statement = statement.where(
            tuple_(Post.created, Post.id) < tuple_(last.created, last.id)
        )
    # No dependency: it closes the session of a cancelled request in mid-use.
    with Session(engine) as session:
        rows = session.scalars(statement.limit(limit + 1)).all()
    items = [PostOut.model_validate(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return Posts(items=items, next=None)
    created = items[-1].created.astimezone(UTC)  # JSON cuts the seconds of an offset
    return Posts(items=items, next=Cursor(created=created, id=items[-1].id).encode())


# --8<-- [end:program]
