# --8<-- [start:program]
import logging
import logging.config
from typing import Any

from fastapi import FastAPI, HTTPException

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "plain",
        },
    },
    "root": {"level": "INFO", "handlers": ["console"]},
    "loggers": {  # Uvicorn's lines go the same way
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.access": {"handlers": [], "propagate": True},
    },
}

logging.config.dictConfig(LOGGING)
logger = logging.getLogger(__name__)
app = FastAPI()
stock = {"tea": 12}


@app.get("/stock/{item}")
def read_stock(item: str) -> int:
    logger.info("stock of %r asked for", item)
    if item not in stock:
        raise HTTPException(404)
    return stock[item]


@app.get("/price/{item}")
def read_price(item: str) -> float:
    return 30 / stock[item]


# --8<-- [end:program]
