from typing import Any

from fastapi import FastAPI
from fastapi.responses import RedirectResponse, Response

app = FastAPI()


# --8<-- [start:endpoint]
@app.get("/portal")
async def portal(
    go: bool = False,
) -> Response | dict[str, Any]:
    if go:
        return RedirectResponse("/home")
    return {"message": "Here is your portal"}


# --8<-- [end:endpoint]
