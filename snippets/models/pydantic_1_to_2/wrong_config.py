from pydantic import BaseModel


# --8<-- [start:model]
class ProductOut(BaseModel):
    name: str

    class Config:
        orm_mode = True


# --8<-- [end:model]
