# mypy: disable-error-code="misc, valid-type"
# --8<-- [start:settings]
from pydantic import BaseSettings


class Settings(BaseSettings):
    database_url: str


# --8<-- [end:settings]
