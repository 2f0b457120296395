# --8<-- [start:settings]
from fastapi import FastAPI
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    shop_api_key: str


settings = Settings()
app = FastAPI()
# --8<-- [end:settings]
