from typing import Annotated

from pydantic import field_validator

# --8<-- [start:settings]
from pydantic_settings import BaseSettings, NoDecode


class Settings(BaseSettings):
    origins: Annotated[list[str], NoDecode]

    @field_validator("origins", mode="before")
    @classmethod
    def split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return [part.strip() for part in value.split(",") if part.strip()]
        # --8<-- [end:settings]
