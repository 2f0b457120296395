# --8<-- [start:program]
from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


def send_email(address: str, subject: str) -> None:
    print(f"to {address}: {subject}")  # stands for a mail library


@app.post("/users/{address}", status_code=201)
async def create_user(
    address: str, background_tasks: BackgroundTasks
) -> dict[str, str]:
    background_tasks.add_task(send_email, address, subject="Welcome")
    return {"created": address}


# --8<-- [end:program]
