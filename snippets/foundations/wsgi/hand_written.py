# --8<-- [start:app]
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not 0 <= length <= 1_000_000:  # the body is read into memory
        start_response("413 Content Too Large", [("Content-Type", "text/plain")])
        return []
    size = len(environ["wsgi.input"].read(length))
    text = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}: {size} bytes\n"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode("latin-1")]


# --8<-- [end:app]
