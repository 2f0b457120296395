from decimal import Decimal

from fastapi import FastAPI

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/totals/{month}", response_model=None)
async def total(month: int) -> dict[str, Decimal]:
    return {"total": Decimal("12345678901234567.89")}


# --8<-- [end:endpoint]
