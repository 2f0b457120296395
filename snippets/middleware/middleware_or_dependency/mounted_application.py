from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware

# --8<-- [start:mount]
exports = FastAPI()
exports.add_middleware(GZipMiddleware)

app = FastAPI()
app.mount("/exports", exports)
# --8<-- [end:mount]


@exports.get("/rows")
def rows() -> list[int]:
    return list(range(1000))


@app.get("/rows")
def rows_of_the_parent() -> list[int]:
    return list(range(1000))
