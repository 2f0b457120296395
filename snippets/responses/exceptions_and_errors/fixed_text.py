import logging

from fastapi import FastAPI, HTTPException

app = FastAPI()
logger = logging.getLogger(__name__)


def connect() -> list[str]:
    raise ConnectionError("cannot reach orders-db-3.internal as user 'admin'")


# --8<-- [start:endpoint]
@app.get("/orders")
def list_orders() -> list[str]:
    try:
        return connect()
    except ConnectionError as e:
        logger.exception("no database")
        raise HTTPException(
            503,
            "try again later",
        ) from e


# --8<-- [end:endpoint]
