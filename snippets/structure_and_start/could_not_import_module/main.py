# --8<-- [start:program]
from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def read_root() -> dict[str, str]:
    return {"message": "Hello"}


# --8<-- [end:program]
