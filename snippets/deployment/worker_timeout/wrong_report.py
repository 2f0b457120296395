import asyncio
import faulthandler
import time

from fastapi import FastAPI

faulthandler.enable()
app = FastAPI()


def rows_of_the_year() -> int:
    time.sleep(60)
    return 12


# --8<-- [start:endpoint]
@app.get("/report")
async def report() -> int:
    return rows_of_the_year()
    # --8<-- [end:endpoint]


@app.get("/wait")
async def wait() -> None:
    print("a request waits", flush=True)
    await asyncio.Event().wait()
