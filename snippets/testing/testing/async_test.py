# --8<-- [start:test]
import asyncio

import pytest
from fastapi import FastAPI, HTTPException
from httpx2 import ASGITransport, AsyncClient

app = FastAPI()
booked: set[int] = set()


@app.post("/tables/{number}", status_code=201)
async def book(number: int) -> None:
    if number in booked:
        raise HTTPException(409, "taken")
    booked.add(number)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_of_two_bookings_at_once_one_is_refused() -> None:
    booked.clear()
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        responses = await asyncio.gather(
            client.post("/tables/1"), client.post("/tables/1")
        )
    assert sorted(r.status_code for r in responses) == [201, 409]


# --8<-- [end:test]
