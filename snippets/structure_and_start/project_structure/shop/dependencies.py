# --8<-- [start:module]
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.state.sessions() as session:
        yield session


# The scope: a client that does not read its answer holds no connection.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
# --8<-- [end:module]
