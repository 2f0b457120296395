from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException, Query

app = FastAPI()


# --8<-- [start:class]
@dataclass
class Paging:
    skip: int = 0
    limit: Annotated[int, Query(le=100)] = 20


@app.get("/orders")
def orders(paging: Annotated[Paging, Depends()]) -> str:  # = Depends(Paging)
    return f"{paging.limit} orders after {paging.skip}"


# --8<-- [end:class]
# --8<-- [start:instance]
@dataclass(frozen=True)
class RequireRole:
    role: str

    def __call__(self, x_role: Annotated[str, Header()]) -> None:
        if x_role != self.role:
            raise HTTPException(403, f"{self.role} only")


@app.delete("/orders", dependencies=[Depends(RequireRole("admin"))])
def delete_orders() -> str:
    return "deleted"


# --8<-- [end:instance]
