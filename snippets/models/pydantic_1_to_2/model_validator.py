# --8<-- [start:model]
from pydantic import BaseModel, model_validator


class Period(BaseModel):
    start: int
    end: int

    @model_validator(mode="after")
    def in_order(self) -> "Period":
        if self.end < self.start:
            raise ValueError("end before start")
        return self


# --8<-- [end:model]
