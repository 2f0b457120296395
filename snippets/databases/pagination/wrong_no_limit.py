import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase): ...


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    engine = create_engine(os.environ["DATABASE_URL"])
    yield {"engine": engine}
    engine.dispose()


app = FastAPI(lifespan=lifespan)


# --8<-- [start:endpoint]
@app.get("/posts")
def list_posts(request: Request, limit: int = 20, offset: int = 0) -> list[int]:
    ids = select(Post.id).order_by(Post.id.desc())
    with Session(request.state.engine) as session:
        page = ids.limit(limit).offset(offset)
        return list(session.scalars(page))


# --8<-- [end:endpoint]
