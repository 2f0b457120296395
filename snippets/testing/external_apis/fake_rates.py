# --8<-- [start:program]
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from pydantic import FiniteFloat


class Rates:
    async def euros(self, currency: str) -> float:
        raise NotImplementedError("calls the service")


class FakeRates(Rates):
    async def euros(self, currency: str) -> float:
        return {"USD": 0.92}[currency]


app = FastAPI()


@app.get("/price")
async def price(
    dollars: FiniteFloat, rates: Annotated[Rates, Depends(Rates)]
) -> dict[str, float]:
    return {"euros": round(dollars * await rates.euros("USD"), 2)}


def test_the_price_is_converted() -> None:
    app.dependency_overrides[Rates] = FakeRates
    try:
        response = TestClient(app).get("/price", params={"dollars": 10})
    finally:
        del app.dependency_overrides[Rates]
    assert response.json() == {"euros": 9.2}


# --8<-- [end:program]
