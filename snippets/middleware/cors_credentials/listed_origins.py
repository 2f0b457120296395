# --8<-- [start:program]
from typing import Annotated, Literal

from fastapi import Cookie, FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
    allow_credentials=True,
)


@app.post("/theme/{theme}")
async def choose(theme: Literal["light", "dark"], response: Response) -> None:
    # "none" instead of "lax" if the frontend is on another site
    response.set_cookie("theme", theme, httponly=True, secure=True, samesite="lax")


@app.get("/theme")
async def chosen(theme: Annotated[str, Cookie()] = "light") -> dict[str, str]:
    return {"theme": theme}


# --8<-- [end:program]
