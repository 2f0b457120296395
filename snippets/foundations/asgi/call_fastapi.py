# --8<-- [start:call]
import asyncio
from collections.abc import MutableMapping
from typing import Any

from fastapi import FastAPI

app = FastAPI()


@app.get("/hello/{name}")
async def hello(name: str) -> dict[str, str]:
    return {"hello": name}


async def get(path: str) -> None:
    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        print(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [],
    }
    await app(scope, receive, send)


if __name__ == "__main__":
    asyncio.run(get("/hello/asgi"))
# --8<-- [end:call]
