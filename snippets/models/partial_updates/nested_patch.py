# --8<-- [start:program]
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from pydantic import MISSING, BaseModel, Field, ValidationError

app = FastAPI()
Text = Annotated[str, Field(max_length=200)]
Tags = Annotated[list[Text], Field(max_length=20)]


class Address(BaseModel):
    street: Text
    city: Text


class Customer(BaseModel):
    name: Text
    address: Address | None = None
    tags: Tags = []


class Patch(BaseModel, extra="forbid"): ...


class AddressPatch(Patch):
    street: Text | MISSING = MISSING
    city: Text | MISSING = MISSING


class CustomerPatch(Patch):
    name: Text | MISSING = MISSING
    address: AddressPatch | MISSING | None = MISSING
    tags: Tags | MISSING = MISSING


def merge(old: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in changes.items():
        before = merged.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[key] = merge(before, value)
        else:
            merged[key] = value
    return merged


home = Address(street="Ring 1", city="Graz")
customers = {1: Customer(name="Ada", address=home), 2: Customer(name="Bob")}


@app.patch("/customers/{customer_id}")
async def change_customer(customer_id: int, patch: CustomerPatch) -> Customer:
    if customer_id not in customers:
        raise HTTPException(404, "No such customer")
    merged = merge(customers[customer_id].model_dump(), patch.model_dump())
    try:
        customer = Customer.model_validate(merged)
    except ValidationError as error:
        # The input is what is stored.
        found = error.errors(include_input=False, include_url=False)
        errors = [{**e, "loc": ("body", *e["loc"])} for e in found]
        raise RequestValidationError(errors) from error
    customers[customer_id] = customer
    return customer


# --8<-- [end:program]
