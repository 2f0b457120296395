# mypy: disable-error-code="arg-type, func-returns-value"
from fastapi import BackgroundTasks, FastAPI

app = FastAPI()


def send_email(address: str, subject: str) -> None:
    print(f"to {address}: {subject}")


# --8<-- [start:add]
@app.post("/users/{address}", status_code=201)
async def create_user(
    address: str,
    background_tasks: BackgroundTasks,
) -> None:
    background_tasks.add_task(
        send_email(address, subject="Welcome"),
    )


# --8<-- [end:add]
