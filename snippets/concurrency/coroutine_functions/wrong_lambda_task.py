from fastapi import BackgroundTasks, FastAPI

app = FastAPI()
sent: list[str] = []


# --8<-- [start:task]
async def send_mail(address: str) -> None:
    sent.append(address)


@app.post("/users", status_code=201)
async def create_user(
    address: str,
    tasks: BackgroundTasks,
) -> None:
    tasks.add_task(lambda: send_mail(address))


# --8<-- [end:task]
