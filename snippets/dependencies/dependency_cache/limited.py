from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI

app = FastAPI()


async def render(name: str) -> str:
    return f"{name}.pdf"


# --8<-- [start:limited]
async def report_slot() -> AsyncIterator[None]:
    yield  # the slot is taken until the code after yield has run


ReportSlot = Annotated[None, Depends(report_slot, max_concurrency=2, scope="function")]


@app.get("/invoices/{name}")
async def invoice(name: str, slot: ReportSlot) -> str:
    return await render(name)


@app.get("/statements/{name}")
async def statement(name: str, slot: ReportSlot) -> str:
    return await render(name)


# --8<-- [end:limited]
