from fastapi import APIRouter, Depends, FastAPI, HTTPException, Response
from fastapi.responses import PlainTextResponse


# --8<-- [start:dependency]
def announce_end(response: Response) -> None:
    response.headers["Deprecation"] = "@1798761600"  # 2027-01-01
    response.headers["Sunset"] = "Thu, 01 Jul 2027 00:00:00 GMT"


v1 = APIRouter(
    prefix="/v1",
    deprecated=True,
    dependencies=[Depends(announce_end)],
)
# --8<-- [end:dependency]


@v1.get("/report")
def read_report() -> PlainTextResponse:
    return PlainTextResponse("report")


@v1.get("/orders/{order_id}")
def read_order(order_id: int) -> int:
    if order_id != 1:
        raise HTTPException(404)
    return order_id


app = FastAPI()
app.include_router(v1)
