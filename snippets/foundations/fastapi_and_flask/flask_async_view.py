# --8<-- [start:view]
import asyncio

from flask import Flask

app = Flask(__name__)


async def fetch(name: str) -> str:
    await asyncio.sleep(0)  # stands for a call over the network
    return name


@app.get("/prices")
async def prices() -> list[str]:
    return list(await asyncio.gather(fetch("tea"), fetch("coffee")))


# --8<-- [end:view]
