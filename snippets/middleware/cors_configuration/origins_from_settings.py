from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from pydantic_settings import BaseSettings

app = FastAPI()


# --8<-- [start:settings]
class Settings(BaseSettings):
    # from ALLOW_ORIGINS='["https://…", "https://…"]'
    allow_origins: list[str] = []


app.add_middleware(
    CORSMiddleware,
    allow_origins=Settings().allow_origins,
)
# --8<-- [end:settings]
