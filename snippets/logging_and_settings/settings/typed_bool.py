from fastapi import FastAPI

# --8<-- [start:debug]
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    shop_debug: bool = False


def create() -> FastAPI:
    return FastAPI(debug=Settings().shop_debug)
    # --8<-- [end:debug]
