# --8<-- [start:program]
from fastapi import APIRouter, FastAPI, HTTPException
from pydantic import BaseModel


class CustomerV1(BaseModel):
    id: int
    name: str


class CustomerV2(BaseModel):
    id: int
    first_name: str
    last_name: str


customers = {1: CustomerV2(id=1, first_name="Ada", last_name="Lovelace")}


def find_customer(customer_id: int) -> CustomerV2:
    if customer_id not in customers:
        raise HTTPException(404, "Unknown customer")
    return customers[customer_id]


unchanged = APIRouter()
v1 = APIRouter(prefix="/v1", tags=["v1"], deprecated=True)
v2 = APIRouter(prefix="/v2", tags=["v2"])


@unchanged.get("/cities")
def read_cities() -> list[str]:
    return ["London"]


@v1.get("/customers/{customer_id}")
def read_customer_v1(customer_id: int) -> CustomerV1:
    found = find_customer(customer_id)
    name = f"{found.first_name} {found.last_name}"
    return CustomerV1(id=found.id, name=name)


@v2.get("/customers/{customer_id}")
def read_customer_v2(customer_id: int) -> CustomerV2:
    return find_customer(customer_id)


v1.include_router(unchanged)
v2.include_router(unchanged)

app = FastAPI()
app.include_router(v1)
app.include_router(v2)
# --8<-- [end:program]
