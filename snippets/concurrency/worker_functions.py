"""What the worker processes of the tests run; small, because each of them imports it."""

import ctypes
import os
import socket
from typing import Any

Address = tuple[str, int]
CALLS: list[str] = []


class NoNumber:
    """Becomes ``int("no number")`` where it is unpickled."""

    def __reduce__(self) -> tuple[type[int], tuple[str]]:
        return int, ("no number",)


def process_id(text: str) -> float:
    return os.getpid()


def load_nothing() -> None:
    pass


def calls_in_this_process(text: str) -> float:
    CALLS.append(text)
    return len(CALLS)


def wait_for_release(address: Address, text: str) -> float:
    """Report to the test that the job runs, and compute until the test lets it end."""
    with socket.create_connection(address, timeout=60) as connection:
        connection.recv(1)
    return 1.0


def raise_value_error(text: str) -> float:
    raise ValueError(text)


def raise_http_exception(text: str) -> float:
    from starlette.exceptions import HTTPException  # the base of FastAPI's

    raise HTTPException(status_code=422, detail=text)


def return_http_exception(text: str) -> Any:
    from starlette.exceptions import HTTPException

    return HTTPException(status_code=422, detail=text)


def die(text: str) -> float:
    """End as the out-of-memory killer or a crash in C code would end the process."""
    os._exit(1)


async def app_that_computes_in_python(scope: Any, receive: Any, send: Any) -> None:
    report_start()
    while True:
        pass


async def app_that_keeps_the_gil(scope: Any, receive: Any, send: Any) -> None:
    sleep = ctypes.PyDLL(None).usleep  # PyDLL keeps the GIL during a call
    report_start()
    while True:
        sleep(900_000)


def report_start() -> None:
    with socket.create_connection(("127.0.0.1", int(os.environ["GATE_PORT"]))):
        pass
