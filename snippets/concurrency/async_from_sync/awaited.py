from fastapi import FastAPI

app = FastAPI()


async def fetch_price() -> float:
    return 9.5


# --8<-- [start:endpoint]
@app.get("/price")
async def price() -> float:
    return await fetch_price()


# --8<-- [end:endpoint]
