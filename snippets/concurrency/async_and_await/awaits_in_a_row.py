# --8<-- [start:program]
import asyncio

from fastapi import FastAPI

app = FastAPI()


async def load(what: str) -> str:
    print(what, "starts")
    await asyncio.sleep(0.1)  # stands for a query
    print(what, "ends")
    return what


@app.get("/documents")
async def read_documents() -> list[str]:
    return [await load("orders"), await load("invoices")]


# --8<-- [end:program]
