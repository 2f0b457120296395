from datetime import datetime

from sqlalchemy import DateTime, Select, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase): ...


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))


# --8<-- [start:query]
def sorted_posts(sort: str) -> Select[Post]:
    return select(Post).order_by(text(sort))


# --8<-- [end:query]
