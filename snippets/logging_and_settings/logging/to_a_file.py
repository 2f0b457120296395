import logging
import logging.config
from typing import Any

from fastapi import FastAPI

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
    },
    # --8<-- [start:handlers]
    "handlers": {
        "file": {
            "class": "logging.handlers.RotatingFileHandler",
            "filename": "app.log",
            "maxBytes": 10_000_000,
            "backupCount": 5,
            "encoding": "utf-8",
            "formatter": "plain",
        },
    },
    "root": {"level": "INFO", "handlers": ["file"]},
    "loggers": {
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.access": {"handlers": [], "propagate": True},
        "watchfiles": {"level": "WARNING"},
    },
    # --8<-- [end:handlers]
}


def main() -> FastAPI:
    logging.config.dictConfig(LOGGING)
    app = FastAPI()

    @app.get("/")
    def home() -> None:
        logging.getLogger(__name__).info("somebody came")

    return app
