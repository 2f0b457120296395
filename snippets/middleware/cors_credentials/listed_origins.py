from typing import Annotated

from fastapi import Cookie, FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
sessions = {"4f1c": "alice"}

# --8<-- [start:cors]
app.add_middleware(
    CORSMiddleware,
    allow_origins=["https://app.example.com"],
    allow_credentials=True,
)
# --8<-- [end:cors]


# --8<-- [start:cookie]
@app.post("/login")
def login(response: Response) -> None:
    response.set_cookie(
        "session",
        "4f1c",
        httponly=True,
        secure=True,
        samesite="none",  # "lax" if frontend and API are on the same site
    )


# --8<-- [end:cookie]


@app.get("/me")
def me(session: Annotated[str | None, Cookie()] = None) -> dict[str, str | None]:
    return {"user": sessions.get(session or "")}
