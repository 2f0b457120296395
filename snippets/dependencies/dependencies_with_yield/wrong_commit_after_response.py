from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI

app = FastAPI()


class Session:
    def add(self, name: str) -> None:
        self.name = name

    async def commit(self) -> None:
        raise ConnectionError("the database is gone")


# --8<-- [start:session]
async def get_session() -> AsyncIterator[Session]:
    session = Session()
    yield session
    await session.commit()


SessionDep = Annotated[
    Session,
    Depends(get_session),
]


@app.post("/orders", status_code=201)
async def create(session: SessionDep) -> None:
    session.add("order 7")


# --8<-- [end:session]
