# --8<-- [start:program]
from asyncio import timeout
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Annotated

import httpx2
import pytest
from fastapi import Depends, FastAPI, HTTPException, Path, Request
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field, ValidationError

SERVICE = "https://rates.example.com"


def create_client(
    transport: httpx2.AsyncBaseTransport | None = None,
) -> httpx2.AsyncClient:
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # stores nothing
    return httpx2.AsyncClient(
        base_url=SERVICE, timeout=5, transport=transport, cookies=jar
    )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    async with create_client() as client:
        yield {"rates": client}


async def get_client(request: Request) -> httpx2.AsyncClient:
    client: httpx2.AsyncClient = request.state.rates
    return client


class Rate(BaseModel):
    euros: float = Field(gt=0, allow_inf_nan=False)


app = FastAPI(lifespan=lifespan)


@app.get("/rates/{currency}")
async def read_rate(
    currency: Annotated[str, Path(pattern="^[A-Z]{3}$")],
    client: Annotated[httpx2.AsyncClient, Depends(get_client)],
) -> Rate:
    try:
        async with timeout(10):  # the whole answer; the client counts each part
            response = await client.get("/v1/rates", params={"currency": currency})
        if response.status_code == 404:
            raise HTTPException(404, "No such currency")
        response.raise_for_status()
        return Rate.model_validate_json(response.content)
    except (httpx2.TimeoutException, TimeoutError) as error:
        raise HTTPException(504, "The rates did not arrive in time") from error
    except (httpx2.HTTPError, ValidationError) as error:
        raise HTTPException(502, "The rates are not available") from error


# The tests
Service = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture
def client_with() -> Iterator[Callable[[Service], TestClient]]:
    def start(service: Service) -> TestClient:
        async def override() -> AsyncIterator[httpx2.AsyncClient]:
            async with create_client(httpx2.MockTransport(service)) as client:
                yield client

        app.dependency_overrides[get_client] = override
        return TestClient(app)

    yield start
    app.dependency_overrides.pop(get_client, None)


ClientWith = Callable[[Service], TestClient]


def test_a_rate_is_read(client_with: ClientWith) -> None:
    requests = []

    def service(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return httpx2.Response(200, json={"euros": 0.92})

    response = client_with(service).get("/rates/USD")
    assert response.json() == {"euros": 0.92}
    assert [str(r.url) for r in requests] == [f"{SERVICE}/v1/rates?currency=USD"]


def test_the_service_is_slow(client_with: ClientWith) -> None:
    def service(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("too slow", request=request)

    assert client_with(service).get("/rates/USD").status_code == 504


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx2.Response(404), 404),
        (httpx2.Response(500), 502),
        (httpx2.Response(429, headers={"Retry-After": "60"}), 502),
        (httpx2.Response(302, headers={"Location": "/login"}), 502),
        (httpx2.Response(200, text="<h1>Maintenance</h1>"), 502),
        (httpx2.Response(200, json={"euros": "NaN"}), 502),
    ],
)
def test_the_service_fails(
    client_with: ClientWith, answer: httpx2.Response, expected: int
) -> None:
    response = client_with(lambda request: answer).get("/rates/USD")
    assert response.status_code == expected


# --8<-- [end:program]
