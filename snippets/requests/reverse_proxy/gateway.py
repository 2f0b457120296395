# --8<-- [start:program]
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Annotated

import httpx2
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

UPSTREAM = "http://127.0.0.1:8001"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
HOP_BY_HOP = {
    *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization"),
    *(b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"),
}
FORWARDED = (b"x-forwarded-", b"forwarded", b"x-real-ip")
DOT_SEGMENT = re.compile(r"(^|[/\\])\.\.?([/\\;#]|$)")
Headers = list[tuple[bytes, bytes]]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    timeout = httpx2.Timeout(5, read=30)
    limits = httpx2.Limits(max_connections=100, keepalive_expiry=2)
    jar = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # stores nothing
    async with httpx2.AsyncClient(
        timeout=timeout, limits=limits, trust_env=False, cookies=jar
    ) as client:
        yield {"client": client}


app = FastAPI(lifespan=lifespan)


def end_to_end(headers: Headers) -> Headers:
    named = b",".join(value for name, value in headers if name.lower() == b"connection")
    dropped = HOP_BY_HOP | {name.strip().lower() for name in named.split(b",")}
    dropped.discard(b"host")  # for the whole way, whatever the client says
    lowered = [(name.lower(), value.strip()) for name, value in headers]
    if any(name == b"transfer-encoding" for name, _ in lowered):
        dropped.add(b"content-length")
    return [(name, value) for name, value in lowered if name not in dropped]


def headers_for_upstream(request: Request) -> Headers:
    kept = [
        header
        for header in end_to_end(request.headers.raw)
        if not header[0].startswith(FORWARDED) and b"_" not in header[0]
    ]
    if request.client:
        kept.append((b"x-forwarded-for", request.client.host.encode()))
    kept.append((b"x-forwarded-proto", request.url.scheme.encode()))
    return kept


async def ask_upstream(request: Request) -> AsyncGenerator[httpx2.Response]:
    if request.scope["http_version"] not in {"1.0", "1.1"}:
        raise HTTPException(505, "Only HTTP/1 is passed on")
    if DOT_SEGMENT.search(request.scope["path"]):
        raise HTTPException(400, "The path contains a dot segment")
    target: bytes = request.scope["raw_path"]
    target = target.removeprefix(request.scope["root_path"].encode())
    if not target.startswith(b"/orders"):  # but /%6frders
        raise HTTPException(400, "The prefix is not written as it should be")
    if request.scope["query_string"]:
        target += b"?" + request.scope["query_string"]
    has_body = {"content-length", "transfer-encoding"} & set(request.headers)
    if has_body and "upgrade" in request.headers:  # httptools drops the body
        raise HTTPException(501, "A body with an upgrade is not passed on")
    codings = request.headers.getlist("transfer-encoding")
    if any(coding.strip().lower() != "chunked" for coding in codings):
        raise HTTPException(501, "This transfer coding is not passed on")
    question = httpx2.Request(
        request.method,
        UPSTREAM,
        headers=headers_for_upstream(request),
        content=request.stream() if has_body else None,
        extensions={"target": target},
    )
    client: httpx2.AsyncClient = request.state.client
    try:
        response = await client.send(question, stream=True)
    except httpx2.PoolTimeout as error:
        raise HTTPException(503, "Too many requests are in progress") from error
    except httpx2.TimeoutException as error:
        raise HTTPException(504, "The service did not answer in time") from error
    except httpx2.TransportError as error:
        raise HTTPException(502, "The service cannot be reached") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "The client left") from error
    try:
        if response.status_code > 599:  # the server would break off
            raise HTTPException(502, "The service answered with an unknown status")
        yield response
    finally:
        await response.aclose()


@app.api_route("/orders", methods=METHODS, include_in_schema=False)
@app.api_route("/orders/{path:path}", methods=METHODS, include_in_schema=False)
async def orders(
    upstream: Annotated[httpx2.Response, Depends(ask_upstream)],
) -> StreamingResponse:
    response = StreamingResponse(upstream.aiter_raw(), upstream.status_code)
    dropped = {b"date", b"server"}
    if upstream.status_code in {204, 304}:
        dropped.add(b"content-length")  # Uvicorn would expect a body
    response.raw_headers = [
        header
        for header in end_to_end(upstream.headers.raw)
        if header[0] not in dropped
    ]
    return response


# --8<-- [end:program]
