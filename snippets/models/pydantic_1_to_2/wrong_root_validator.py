# mypy: disable-error-code="deprecated,call-overload,untyped-decorator,misc"
from typing import Any

from pydantic import BaseModel, root_validator


# --8<-- [start:model]
class Period(BaseModel):
    start: int
    end: int

    @root_validator
    def in_order(cls, values: Any) -> Any:
        if values["end"] < values["start"]:
            raise ValueError("end before start")
        return values


# --8<-- [end:model]
