# --8<-- [start:program]
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINE = b"<p>Maintenance tonight</p>"


def is_html(start: Message) -> bool:
    headers = Headers(raw=list(start.get("headers", [])))
    return (
        start["status"] == 200
        and headers.get("Content-Type", "").startswith("text/html")
        and "Content-Encoding" not in headers
    )


class Banner:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        # files, too, come as bodies then
        (scope.get("extensions") or {}).pop("http.response.pathsend", None)
        start: Message | None = None
        body = bytearray()

        async def send_changed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and is_html(message):
                start = message  # held back until the length is known
                return
            if start and message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if message.get("more_body", False):
                    return
                changed = bytes(body).replace(b"<body>", b"<body>" + LINE)
                headers = MutableHeaders(scope=start)
                headers["Content-Length"] = str(len(changed))
                for name in ("ETag", "Last-Modified", "Accept-Ranges"):
                    del headers[name]  # of the old body
                if scope["method"] == "HEAD":  # no body, so its length is unknown
                    del headers["Content-Length"]
                await send(start)
                message = {"type": "http.response.body", "body": changed}
            await send(message)

        await self.app(scope, receive, send_changed)


app = FastAPI()
app.add_middleware(Banner)


@app.get("/")
async def home() -> HTMLResponse:
    return HTMLResponse("<body>Hello</body>")


# --8<-- [end:program]
