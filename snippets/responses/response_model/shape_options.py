from fastapi import FastAPI
from pydantic import BaseModel, Field

app = FastAPI()


# --8<-- [start:endpoint]
class Item(BaseModel):
    item_name: str = Field(serialization_alias="itemName")
    note: str | None = None
    tax: float = 0.2


ITEM = Item(item_name="plumbus", note=None)


@app.get("/default")
@app.get("/unset", response_model_exclude_unset=True)
@app.get("/defaults", response_model_exclude_defaults=True)
@app.get("/none", response_model_exclude_none=True)
@app.get("/names", response_model_by_alias=False)
async def read_item() -> Item:
    return ITEM


# --8<-- [end:endpoint]
