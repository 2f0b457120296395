# --8<-- [start:program]
from fastapi import APIRouter, FastAPI

prices = APIRouter(tags=["prices"])


@prices.get("/prices", tags=["beta"])
def read_prices() -> list[int]:
    return [3]


shop = APIRouter(tags=["shop"])
shop.include_router(prices, tags=["public"])

app = FastAPI()
app.include_router(shop, tags=["v1"])
# --8<-- [end:program]
