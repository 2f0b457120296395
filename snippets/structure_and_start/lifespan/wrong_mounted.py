from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI


@asynccontextmanager
async def reports_lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.ready = True
    yield


# --8<-- [start:mount]
reports = FastAPI(lifespan=reports_lifespan)

app = FastAPI()
app.mount("/reports", reports)
# --8<-- [end:mount]


@reports.get("/")
def read_reports() -> bool:
    return getattr(reports.state, "ready", False)
