from fastapi import FastAPI
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel

app = FastAPI()


# --8<-- [start:endpoint]
class Portal(BaseModel):
    message: str


@app.get("/portal", response_model=Portal)
async def portal(
    go: bool = False,
) -> Response | Portal:
    if go:
        return RedirectResponse("/home")
    return Portal(message="Here is your portal")


# --8<-- [end:endpoint]
