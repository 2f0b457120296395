# --8<-- [start:program]
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import DateTime, Engine, Index, create_engine, func, select
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
    created: datetime


class Paging(BaseModel):
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    offset: Annotated[int, Field(ge=0, le=10_000)] = 0


class Posts(BaseModel):
    items: list[PostOut]
    total: int


@app.get("/posts", response_model=Posts)
def list_posts(paging: Annotated[Paging, Query()], engine: EngineDep) -> Any:
    newest_first = select(Post).order_by(Post.created.desc(), Post.id.desc())
    page = newest_first.limit(paging.limit).offset(paging.offset)
    # No dependency: it closes the session of a cancelled request in mid-use.
    with Session(engine) as session:
        total = session.scalar(select(func.count()).select_from(Post))
        return {"items": session.scalars(page).all(), "total": total}


# --8<-- [end:program]
