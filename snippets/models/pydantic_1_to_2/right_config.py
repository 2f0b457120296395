# --8<-- [start:model]
from pydantic import BaseModel, ConfigDict


class ProductOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str


# --8<-- [end:model]
