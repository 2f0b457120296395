from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class ProductPatch(BaseModel):
    note: str | None = None


# --8<-- [start:endpoint]
@app.patch("/changes")
async def changes(patch: ProductPatch) -> dict[str, Any]:
    return patch.model_dump(exclude_none=True)


# --8<-- [end:endpoint]
