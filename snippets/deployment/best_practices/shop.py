# --8<-- [start:program]
import logging
from asyncio import timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from httpx2 import AsyncClient, HTTPError
from pydantic import BaseModel, Field, HttpUrl, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

log = logging.getLogger("shop")
WHOLE_CALL = 5  # seconds


class Settings(BaseSettings):
    model_config = SettingsConfigDict(hide_input_in_errors=True)
    prices_url: HttpUrl  # required: no start without it


class NewOrder(BaseModel):
    item: str = Field(min_length=1, max_length=100)
    count: int = Field(ge=1, le=1000)


class Price(BaseModel):
    cents: int = Field(ge=0)


class Quote(BaseModel):
    total_cents: int


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    url = str(Settings().prices_url)
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # stores nothing
    each_wait = 2  # seconds
    async with AsyncClient(base_url=url, timeout=each_wait, cookies=jar) as client:
        yield {"client": client}


async def get_client(request: Request) -> AsyncClient:
    client: AsyncClient = request.state.client
    return client


ClientDep = Annotated[AsyncClient, Depends(get_client)]
router = APIRouter(prefix="/quotes", tags=["quotes"])


@router.post("")
async def quote(order: NewOrder, client: ClientDep) -> Quote:
    try:
        async with timeout(WHOLE_CALL):
            answer = await client.get("/price", params={"item": order.item})
        answer.raise_for_status()
        price = Price.model_validate_json(answer.content)
    except (HTTPError, TimeoutError, ValidationError) as error:
        log.warning("no price: %s", type(error).__name__)
        raise HTTPException(502, "No price") from error
    return Quote(total_cents=price.cents * order.count)


app = FastAPI(lifespan=lifespan, max_body_size=100_000)
app.include_router(router)


@app.exception_handler(RequestValidationError)
async def refused(request: Request, error: RequestValidationError) -> JSONResponse:
    keys = ("type", "loc", "msg")  # not the input: NaN would be a 500
    detail = [{key: e[key] for key in keys} for e in error.errors()]
    return JSONResponse({"detail": detail}, 422)


# --8<-- [end:program]
