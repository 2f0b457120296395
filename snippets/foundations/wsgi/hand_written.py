# --8<-- [start:app]
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    size = len(environ["wsgi.input"].read(length))
    text = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}: {size} bytes\n"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode("latin-1")]


# --8<-- [end:app]
