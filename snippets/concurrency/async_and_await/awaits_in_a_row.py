import asyncio

from fastapi import FastAPI

app = FastAPI()
events: list[str] = []


# --8<-- [start:endpoint]
async def load(what: str) -> str:
    events.append(f"{what} starts")
    await asyncio.sleep(0.1)  # stands for a query
    events.append(f"{what} ends")
    return what


@app.get("/documents")
async def read_documents() -> list[str]:
    return [await load("orders"), await load("invoices")]


# --8<-- [end:endpoint]
