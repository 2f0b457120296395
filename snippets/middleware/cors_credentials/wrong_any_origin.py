from typing import Annotated

from fastapi import Cookie, FastAPI
from fastapi.middleware.cors import CORSMiddleware

app = FastAPI()
sessions = {"4f1c": "alice"}

# --8<-- [start:cors]
app.add_middleware(
    CORSMiddleware,
    allow_origins=["*"],
    allow_credentials=True,
)
# --8<-- [end:cors]


@app.get("/me")
def me(session: Annotated[str | None, Cookie()] = None) -> dict[str, str | None]:
    return {"user": sessions.get(session or "")}
