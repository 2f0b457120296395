import asyncio

from fastapi import FastAPI, HTTPException

app = FastAPI()
seats = {"free": 1}


async def charge_customer() -> None:
    await asyncio.sleep(0.1)  # stands for the payment provider


# --8<-- [start:endpoint]
@app.post("/seats")
async def book_seat() -> dict[str, int]:
    if seats["free"] == 0:
        raise HTTPException(409, "Sold out")
    await charge_customer()  # others run here
    seats["free"] -= 1
    return seats


# --8<-- [end:endpoint]
