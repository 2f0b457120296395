import asyncio

from fastapi import FastAPI, HTTPException

app = FastAPI()
seats = {"free": 1}


async def charge_customer() -> None:
    await asyncio.sleep(0.1)  # stands for the payment provider


# --8<-- [start:endpoint]
class PaymentRefused(Exception): ...


@app.post("/seats")
async def book_seat() -> dict[str, int]:
    if seats["free"] == 0:
        raise HTTPException(409, "Sold out")
    seats["free"] -= 1  # before the await
    try:
        await charge_customer()
    except PaymentRefused:  # surely not paid
        seats["free"] += 1
        raise HTTPException(402, "Refused") from None
    return seats


# --8<-- [end:endpoint]
