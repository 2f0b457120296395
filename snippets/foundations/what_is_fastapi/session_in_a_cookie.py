# --8<-- [start:session]
import secrets

from fastapi import FastAPI, Request
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=secrets.token_hex())


@app.post("/basket")
async def add(request: Request, item: str) -> None:
    request.session["basket"] = [*request.session.get("basket", []), item]


# --8<-- [end:session]
