from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException

app = FastAPI()
log: list[str] = []


class Session:
    async def rollback(self) -> None:
        log.append("rollback")

    async def close(self) -> None:
        log.append("close")


# --8<-- [start:session]
async def get_session() -> AsyncIterator[Session]:
    session = Session()
    try:
        yield session
    except Exception:
        await session.rollback()
        raise
    finally:
        await session.close()


# --8<-- [end:session]
@app.get("/request")
async def request_scope(session: Annotated[Session, Depends(get_session)]) -> None:
    raise HTTPException(404)


@app.get("/function")
async def function_scope(
    session: Annotated[Session, Depends(get_session, scope="function")],
) -> None:
    raise HTTPException(404)
