from contextvars import ContextVar
from typing import Annotated

from fastapi import Depends, FastAPI, Header

app = FastAPI()

# --8<-- [start:tenant]
tenant = ContextVar("tenant", default="nobody")


def set_tenant(
    x_tenant: Annotated[str, Header()],
) -> None:
    tenant.set(x_tenant)  # in a copy: lost


@app.get(
    "/tenant",
    dependencies=[Depends(set_tenant)],
)
def read_tenant() -> str:
    return tenant.get()  # "nobody"


# --8<-- [end:tenant]
