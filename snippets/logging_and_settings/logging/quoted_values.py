import logging

from fastapi import FastAPI

logger = logging.getLogger("shop")
app = FastAPI()


# --8<-- [start:login]
@app.post("/login")
def login(name: str) -> None:
    logger.warning("login failed for %r", name)
    # --8<-- [end:login]
