import json
import logging
import logging.config
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, WebSocket


# --8<-- [start:formatter]
class AccessJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        args = record.args if isinstance(record.args, tuple) else ()
        names = ("client", "method", "path", "http_version", "status")
        time = datetime.fromtimestamp(record.created, UTC)
        return json.dumps(
            {"time": time.isoformat(), **dict(zip(names, args, strict=False))}
        )


FORMATTERS = {"access": {"()": AccessJson}}
# --8<-- [end:formatter]
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": FORMATTERS,
    "handlers": {
        "access": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "access",
        },
    },
    "loggers": {"uvicorn.access": {"handlers": ["access"], "propagate": False}},
}


def main() -> FastAPI:
    logging.config.dictConfig(LOGGING)
    app = FastAPI()

    @app.get("/items/{item_id}")
    def read_item(item_id: int) -> int:
        return item_id

    @app.websocket("/ws")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    return app
