# --8<-- [start:stream]
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/csv")])
    for number in range(1_000_000):
        yield f"{number},{number**2}\n".encode()  # sent without waiting for the next


# --8<-- [end:stream]
