import os

from fastapi import FastAPI


def create() -> FastAPI:
    # --8<-- [start:debug]
    debug = bool(os.getenv("SHOP_DEBUG", False))
    return FastAPI(debug=debug)
    # --8<-- [end:debug]
