# --8<-- [start:program]
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, field_validator

app = FastAPI()


class ProductPatch(BaseModel):
    name: str | None = None
    note: str | None = None

    @field_validator("name")
    @classmethod
    def not_null(cls, value: str | None) -> str | None:
        if value is None:
            raise ValueError("null is not allowed, leave the field out")
        return value


@app.patch("/changes")
async def changes(patch: ProductPatch) -> dict[str, Any]:
    return patch.model_dump(exclude_unset=True)


# --8<-- [end:program]
