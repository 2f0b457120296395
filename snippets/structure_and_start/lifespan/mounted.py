# --8<-- [start:program]
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI


@asynccontextmanager
async def reports_lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.ready = True
    yield
    app.state.ready = False


reports = FastAPI(lifespan=reports_lifespan)


@reports.get("/")
def read_reports() -> bool:
    return getattr(reports.state, "ready", False)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with reports.router.lifespan_context(reports):
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/reports", reports)
# --8<-- [end:program]
