from typing import Annotated

from fastapi import Depends, FastAPI, Header

app = FastAPI()


# --8<-- [start:tenant]
def get_tenant(
    x_tenant: Annotated[str, Header()],
) -> str:
    return x_tenant.lower()


@app.get("/orders")
def orders(
    tenant: Annotated[str, Depends(get_tenant)],
) -> str:
    return f"orders of {tenant}"


# --8<-- [end:tenant]
