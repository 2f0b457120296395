from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

app = FastAPI()


def send_email() -> None:
    print("email")


def write_audit() -> None:
    print("audit")


# --8<-- [start:response]
@app.post("/users")
async def create_user(
    tasks: BackgroundTasks,
) -> JSONResponse:
    tasks.add_task(send_email)  # is dropped
    return JSONResponse(
        {"created": True},
        background=BackgroundTask(write_audit),
    )


# --8<-- [end:response]
