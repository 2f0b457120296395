from time import perf_counter

from fastapi import FastAPI
from fastapi.testclient import TestClient

app = FastAPI()


@app.get("/orders")
def read_orders() -> list[int]:
    return [1, 2, 3]


# --8<-- [start:measure]
def requests_per_second(count: int = 1000) -> float:
    client = TestClient(app)
    start = perf_counter()
    for _ in range(count):
        client.get("/orders")
    return count / (perf_counter() - start)


# --8<-- [end:measure]
