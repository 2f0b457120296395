from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException

app = FastAPI()


class Connection:
    open = 0

    def __init__(self) -> None:
        Connection.open += 1

    def close(self) -> None:
        Connection.open -= 1


# --8<-- [start:connection]
def get_connection() -> Iterator[Connection]:
    connection = Connection()
    try:
        yield connection
    finally:
        connection.close()


# --8<-- [end:connection]
@app.get("/orders/{order_id}")
def order(
    order_id: int, connection: Annotated[Connection, Depends(get_connection)]
) -> int:
    if order_id != 7:
        raise HTTPException(404)
    return order_id
