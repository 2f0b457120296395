import logging
import logging.config
from typing import Any

from fastapi import FastAPI

logger = logging.getLogger(__name__)

# --8<-- [start:config]
LOGGING: dict[str, Any] = {
    "version": 1,
    "handlers": {
        "console": {"class": "logging.StreamHandler"},
    },
    "root": {"level": "INFO", "handlers": ["console"]},
}
# --8<-- [end:config]


def main() -> FastAPI:
    logging.config.dictConfig(LOGGING)
    app = FastAPI()

    @app.get("/")
    def home() -> None:
        logger.info("this line is not shown")
        raise ZeroDivisionError("this error is not shown")

    return app
