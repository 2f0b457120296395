# --8<-- [start:limits]
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, FastAPI, UploadFile

app = FastAPI(
    max_body_size=1_000_000,  # bytes; a larger body is a 413
    form_limits={"max_files": 2},  # a third file is a 400
)


async def slot() -> AsyncIterator[None]:
    yield


ReportSlot = Annotated[None, Depends(slot, max_concurrency=2, scope="function")]


async def build_report() -> str:
    return "done"


@app.get("/report")
async def report(slot: ReportSlot) -> str:
    return await build_report()  # at most two at a time, the third waits


@app.post("/files")
async def files(files: list[UploadFile]) -> int:
    return len(files)


# --8<-- [end:limits]
