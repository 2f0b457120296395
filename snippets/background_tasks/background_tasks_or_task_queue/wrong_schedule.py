from asyncio import sleep

from fastapi import BackgroundTasks, FastAPI

app = FastAPI()
runs: list[str] = []


async def delete_expired() -> None:
    runs.append("run")


# --8<-- [start:loop]
async def every_hour() -> None:
    while True:
        await delete_expired()
        await sleep(3600)


@app.post("/clean-up")
async def clean_up(background_tasks: BackgroundTasks) -> None:
    background_tasks.add_task(every_hour)


# --8<-- [end:loop]
