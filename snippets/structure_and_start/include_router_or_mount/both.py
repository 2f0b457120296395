# --8<-- [start:program]
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from starlette.middleware.base import RequestResponseEndpoint


def outer_dependency(request: Request) -> None:
    request.state.passed.append("outer dependency")


app = FastAPI(dependencies=[Depends(outer_dependency)])


@app.middleware("http")
async def outer_middleware(
    request: Request, call_next: RequestResponseEndpoint
) -> Response:
    request.state.passed = ["outer middleware"]
    return await call_next(request)


orders = APIRouter(prefix="/orders")
reports = FastAPI(title="Reports")


@orders.get("")
def read_orders(request: Request) -> list[str]:
    return list(request.state.passed)


@reports.get("/sales")
def read_sales(request: Request) -> list[str]:
    return list(request.state.passed)


app.include_router(orders)
app.mount("/reports", reports)
# --8<-- [end:program]
