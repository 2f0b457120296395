# --8<-- [start:program]
import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2AuthorizationCodeBearer
from httpx2 import AsyncClient, BasicAuth, HTTPError
from pydantic import BaseModel, ValidationError
from starlette.requests import HTTPConnection


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    if not os.environ.get("API_CLIENT_SECRET"):
        raise RuntimeError("The setting API_CLIENT_SECRET is missing")
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # stores nothing
    async with AsyncClient(timeout=5, cookies=jar) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)
ISSUER = "https://login.example.com"
AUDIENCE = "https://api.example.com"
oauth2_scheme = OAuth2AuthorizationCodeBearer(
    authorizationUrl=f"{ISSUER}/authorize", tokenUrl=f"{ISSUER}/token"
)


def get_client(connection: HTTPConnection) -> AsyncClient:
    client: AsyncClient = connection.app.state.client
    return client


class Introspection(BaseModel):
    active: bool
    sub: str | None = None
    aud: str | list[str] | None = None


async def get_subject(
    token: Annotated[str, Depends(oauth2_scheme)],
    client: Annotated[AsyncClient, Depends(get_client)],
) -> str:
    if not token:
        raise HTTPException(401, "Not authenticated", {"WWW-Authenticate": "Bearer"})
    credentials = BasicAuth("api", os.environ["API_CLIENT_SECRET"])
    try:
        async with asyncio.timeout(5):  # in all; the client's own is for each read
            response = await client.post(
                f"{ISSUER}/introspect", data={"token": token}, auth=credentials
            )
        response.raise_for_status()
        found = Introspection.model_validate_json(response.content)
    except (HTTPError, TimeoutError, ValidationError):
        raise HTTPException(503, "Token cannot be checked") from None
    audience = [found.aud] if isinstance(found.aud, str) else found.aud or []
    if not (found.active and found.sub and AUDIENCE in audience):
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise HTTPException(401, "Invalid token", challenge)
    return found.sub


@app.get("/me")
async def me(subject: Annotated[str, Depends(get_subject)]) -> dict[str, str]:
    return {"user": subject}


# --8<-- [end:program]
