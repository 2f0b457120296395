# --8<-- [start:settings]
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_")
    api_key: str
    page_size: int = 20


# --8<-- [end:settings]
