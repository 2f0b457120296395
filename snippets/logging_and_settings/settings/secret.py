# --8<-- [start:settings]
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_", hide_input_in_errors=True)
    api_key: SecretStr = Field(min_length=1)
    page_size: int = 20


# --8<-- [end:settings]
