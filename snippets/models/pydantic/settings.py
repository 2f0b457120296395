# --8<-- [start:settings]
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    database_url: str


# --8<-- [end:settings]
