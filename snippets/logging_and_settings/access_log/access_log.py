# --8<-- [start:program]
import logging
import logging.config
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI


class NoHealthChecks(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        args = record.args  # client, method, path, HTTP version, status
        path = str(args[2]) if isinstance(args, tuple) and len(args) > 2 else ""
        return path.partition("?")[0] != "/health"


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no health checks": {"()": NoHealthChecks}},
    "formatters": {
        "access": {
            "()": "uvicorn.logging.AccessFormatter",
            "fmt": '%(asctime)s %(client_addr)s "%(request_line)s" %(status_code)s',
        },
    },
    "handlers": {
        "access": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "access",
            "filters": ["no health checks"],
        },
    },
    "loggers": {"uvicorn.access": {"handlers": ["access"], "propagate": False}},
}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    logging.config.dictConfig(LOGGING)
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/items/{item_id}")
def read_item(item_id: int) -> int:
    return item_id


@app.get("/health")
async def health() -> str:
    return "ok"


# --8<-- [end:program]
