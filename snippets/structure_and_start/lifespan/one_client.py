# --8<-- [start:program]
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from httpx2 import AsyncClient


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    print("startup")
    async with AsyncClient(timeout=5) as client:
        yield {"client": client}  # requests are served here
    print("shutdown: the client is closed")


app = FastAPI(lifespan=lifespan)


def get_client(request: Request) -> AsyncClient:
    client: AsyncClient = request.state.client
    return client


@app.get("/client")
async def read_client(
    client: Annotated[AsyncClient, Depends(get_client)],
) -> dict[str, bool]:
    return {"closed": client.is_closed}


# --8<-- [end:program]
