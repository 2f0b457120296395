# mypy: disable-error-code="misc, valid-type"
# --8<-- [start:settings]
from pydantic import BaseSettings


class Settings(BaseSettings):
    page_size: int = 20


# --8<-- [end:settings]
