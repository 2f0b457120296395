import logging

from fastapi import FastAPI

logger = logging.getLogger("shop")
app = FastAPI()


# --8<-- [start:login]
@app.post("/login")
def login(name: str) -> None:
    logger.warning(f"login failed for {name}")
    # --8<-- [end:login]
