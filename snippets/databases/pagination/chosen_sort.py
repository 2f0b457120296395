from datetime import datetime
from typing import Any, Literal

from sqlalchemy import DateTime, Select, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase): ...


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))


# --8<-- [start:query]
Sort = Literal["created", "title"]  # the type of the parameter
COLUMNS: dict[Sort, Any] = {
    "created": Post.created,
    "title": Post.title,
}


def sorted_posts(sort: Sort) -> Select[Post]:
    return select(Post).order_by(COLUMNS[sort], Post.id)


# --8<-- [end:query]
