from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


# --8<-- [start:endpoint]
class Address(BaseModel):
    city: str
    zip_code: str | None = None


class Customer(BaseModel, extra="forbid"):
    name: str
    address: Address


@app.post("/customers")
async def create(customer: Customer) -> Customer:
    return customer


# --8<-- [end:endpoint]
