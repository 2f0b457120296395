from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse

app = FastAPI()


class Session:
    """Stands for a database session."""

    open = True

    def fetch(self, number: int) -> str:
        if not self.open:
            raise RuntimeError("the session is closed")
        return f"row {number}\n"

    def close(self) -> None:
        self.open = False


# --8<-- [start:session]
async def get_session() -> AsyncIterator[Session]:
    session = Session()
    try:
        yield session
    finally:
        session.close()


CurrentSession = Annotated[Session, Depends(get_session)]
# --8<-- [end:session]


@app.get("/export")
async def export(session: CurrentSession) -> StreamingResponse:
    async def rows() -> AsyncIterator[str]:
        for number in range(3):
            yield session.fetch(number)

    return StreamingResponse(rows())
