from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINE = b"<p>Maintenance tonight</p>"


# --8<-- [start:class]
def is_html(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
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

        start: Message | None = None
        body = b""

        # --8<-- [start:send]
        async def send_changed(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and is_html(message):
                start = message  # held back until the length is known
                return
            if start and message["type"] == "http.response.body":
                body += message.get("body", b"")
                if message.get("more_body", False):
                    return
                body = body.replace(b"<body>", b"<body>" + LINE)
                headers = MutableHeaders(scope=start)
                headers["Content-Length"] = str(len(body))
                if scope["method"] == "HEAD":  # no body, so its length is unknown
                    del headers["Content-Length"]
                message = {"type": "http.response.body", "body": body}
            if start:
                await send(start)
                start = None
            await send(message)

        # --8<-- [end:send]
        await self.app(scope, receive, send_changed)


app = FastAPI()
app.add_middleware(Banner)
# --8<-- [end:class]


@app.get("/")
def home() -> HTMLResponse:
    response = HTMLResponse("<body>Hello</body>")
    response.set_cookie("theme", "dark")
    response.set_cookie("session", "4f1c")
    return response
