# --8<-- [start:mount]
from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware

exports = FastAPI()
exports.add_middleware(GZipMiddleware)


@exports.get("/rows")
async def rows() -> list[int]:
    return list(range(1000))


app = FastAPI()
app.mount("/exports", exports)
# --8<-- [end:mount]


@app.get("/rows")
async def rows_of_the_parent() -> list[int]:
    return list(range(1000))
