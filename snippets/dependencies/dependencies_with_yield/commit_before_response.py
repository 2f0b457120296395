from collections.abc import AsyncIterator
from types import TracebackType
from typing import Annotated, Self

from fastapi import Depends, FastAPI, HTTPException

app = FastAPI()
log: list[str] = []


class Session:
    """Stands for a session of SQLAlchemy: closing rolls back what is not committed."""

    broken = False

    def __init__(self) -> None:
        self.names: list[str] = []

    def add(self, name: str) -> None:
        self.names.append(name)

    async def commit(self) -> None:
        if self.broken:
            raise ConnectionError("the database is gone")
        log.extend(f"commit {name}" for name in self.names)
        self.names.clear()

    async def __aenter__(self) -> Self:
        log.append("open")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        log.extend(f"rollback {name}" for name in self.names)
        log.append("close")


# --8<-- [start:session]
async def get_session() -> AsyncIterator[Session]:
    async with Session() as session:  # closes
        yield session
        await session.commit()


SessionDep = Annotated[
    Session,
    Depends(get_session, scope="function"),
]


@app.post("/orders/{name}", status_code=201)
async def create(
    name: str,
    session: SessionDep,
) -> None:
    session.add(name)
    if name == "sofa":
        raise HTTPException(409, "Out of stock")


# --8<-- [end:session]
