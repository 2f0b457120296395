# --8<-- [start:module]
from functools import lru_cache

from pydantic_settings import BaseSettings


class Settings(BaseSettings, env_prefix="SHOP_"):
    database_url: str


@lru_cache
def get_settings() -> Settings:
    return Settings()


# --8<-- [end:module]
