from typing import Annotated

from fastapi import FastAPI, HTTPException, Path
from pydantic import BaseModel
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
)
from sqlalchemy.pool import StaticPool

engine = create_engine(
    "sqlite://",
    poolclass=StaticPool,
    connect_args={"check_same_thread": False},
)


class Base(DeclarativeBase): ...


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    hashed_password: Mapped[str]
    posts: Mapped[list["Post"]] = relationship()


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str]


app = FastAPI()


# --8<-- [start:endpoint]
class PostOut(BaseModel):
    title: str


class UserOut(BaseModel):
    name: str
    posts: list[PostOut]


@app.get("/users/{user_id}", response_model=UserOut)
def read_user(user_id: Annotated[int, Path(ge=1, lt=2**31)]) -> User:
    with Session(engine) as session:
        user = session.get(User, user_id)
    if user is None:
        raise HTTPException(404, "No such user")
    return user


# --8<-- [end:endpoint]
