# --8<-- [start:program]
import logging

from fastapi import FastAPI

logger = logging.getLogger(__name__)
app = FastAPI()


@app.get("/")
def home() -> None:
    logger.info("this line is not shown")
    logger.warning("this line is shown, without time and name")


# --8<-- [end:program]
