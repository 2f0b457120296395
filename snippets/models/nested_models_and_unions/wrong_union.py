from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


# --8<-- [start:endpoint]
class Letter(BaseModel):
    address: str


class Parcel(BaseModel):
    address: str
    weight: float


@app.post("/shipments")
async def ship(item: Letter | Parcel) -> Letter | Parcel:
    return item


# --8<-- [end:endpoint]
