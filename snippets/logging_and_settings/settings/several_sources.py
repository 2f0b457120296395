from pydantic import Field, SecretStr

# --8<-- [start:settings]
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="SHOP_",
        env_file=(".env", ".env.local"),  # the later one wins
        secrets_dir="/run/secrets",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )
    # --8<-- [end:settings]
    api_key: SecretStr = Field(min_length=1)
    page_size: int = 20
