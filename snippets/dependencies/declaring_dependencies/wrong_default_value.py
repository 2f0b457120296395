from fastapi import Depends, FastAPI

app = FastAPI()


def get_limit(limit: int = 20) -> int:
    return min(limit, 100)


# --8<-- [start:default]
@app.get("/orders")
def orders(limit: int = Depends(get_limit)) -> str:
    return f"{limit} orders"


def report() -> str:
    return orders()  # no error here, nor from a type checker


# --8<-- [end:default]
