from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from starlette.middleware.base import RequestResponseEndpoint

LINE = b"<p>Maintenance tonight</p>"
app = FastAPI()


# --8<-- [start:rebuild]
@app.middleware("http")
async def add_banner(
    request: Request,
    call_next: RequestResponseEndpoint,
) -> Response:
    response: Any = await call_next(request)
    body = b""
    async for chunk in response.body_iterator:
        body += chunk
    return Response(
        body.replace(b"<body>", b"<body>" + LINE),
        status_code=response.status_code,
        headers=dict(response.headers),
    )


# --8<-- [end:rebuild]


@app.get("/")
async def home() -> HTMLResponse:
    response = HTMLResponse("<body>Hello</body>")
    response.set_cookie("theme", "dark")
    response.set_cookie("session", "4f1c")
    return response
