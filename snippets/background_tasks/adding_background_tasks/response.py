from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import JSONResponse

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
    tasks.add_task(write_audit)
    tasks.add_task(send_email)
    return JSONResponse({"created": True})


# --8<-- [end:response]
