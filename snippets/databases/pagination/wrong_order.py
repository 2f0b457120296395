from datetime import datetime

from sqlalchemy import DateTime, Select, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase): ...


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))


# --8<-- [start:query]
def page(limit: int, offset: int) -> Select[Post]:
    newest_first = select(Post).order_by(Post.created.desc())
    return newest_first.limit(limit).offset(offset)


# --8<-- [end:query]
