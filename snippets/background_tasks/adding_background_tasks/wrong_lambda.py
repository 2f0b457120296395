from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


# --8<-- [start:add]
async def send_email(address: str) -> None:
    print(f"to {address}")


@app.post("/users/{address}", status_code=201)
async def create_user(address: str, background_tasks: BackgroundTasks) -> None:
    background_tasks.add_task(lambda: send_email(address))


# --8<-- [end:add]
