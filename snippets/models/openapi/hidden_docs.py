# --8<-- [start:application]
from fastapi import FastAPI
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    openapi_url: str = ""  # none, unless the environment sets one


app = FastAPI(openapi_url=Settings().openapi_url)
# --8<-- [end:application]
