"""Applications of the older interface, called as a server calls them: one request, one thread."""

import inspect
import io
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

ENVIRONMENT = {
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
ARGUMENTS = 2
"""How many arguments such an application takes; one of ASGI takes three."""


def speaks_wsgi(app: Any) -> bool:
    """Tell whether an application takes the environment of a request and a function to answer with."""
    return callable(app) and len(inspect.signature(app).parameters) == ARGUMENTS


def environment(scope: dict[str, Any], content: bytes) -> dict[str, Any]:
    """Return the environment of a request."""
    headers = {
        name.decode("latin-1").upper().replace("-", "_"): value.decode("latin-1")
        for name, value in scope["headers"]
    }
    own = {name: headers.pop(name, "") for name in ("CONTENT_TYPE", "CONTENT_LENGTH")}
    return {
        **ENVIRONMENT,
        **{f"HTTP_{name}": value for name, value in headers.items()},
        **{name: value for name, value in own.items() if value},
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode(),
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": sys.stderr,
    }


class AsASGI:
    """An application of WSGI as one of ASGI without a lifespan; it holds the event loop up."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        """Call ``app`` for each request."""
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, piece by piece."""
        if scope["type"] != "http":
            return
        answer = dict[str, Any]()

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            pairs = [(n.encode("latin-1"), value.encode("latin-1")) for n, value in headers]
            answer.update(status=int(status.split(" ")[0]), headers=pairs)

        request = await receive()
        pieces = self.app(environment(scope, request["body"]), start_response)
        try:
            is_started = False
            for piece in pieces:
                if not is_started:
                    await send({"type": "http.response.start", **answer})
                    is_started = True
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            if not is_started:
                await send({"type": "http.response.start", **answer})
            await send({"type": "http.response.body"})
        finally:
            close = getattr(pieces, "close", None)
            if close:
                close()
