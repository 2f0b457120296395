import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, WebSocket
from fastapi.exceptions import (
    RequestValidationError,
    ResponseValidationError,
    WebSocketRequestValidationError,
)
from fastapi.responses import (
    EventSourceResponse,
    JSONResponse,
    PlainTextResponse,
    StreamingResponse,
)
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient
from pydantic import ValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import Router
from starlette.testclient import WebSocketDenialResponse
from starlette.types import Receive, Scope, Send
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from snippets.responses.exception_handlers import (
    handler_at_construction,
    handlers,
    http_exception_of_starlette,
    wrong_http_exception_of_fastapi,
    wrong_late_handler,
)


def visitor(app: FastAPI) -> TestClient:
    """A client that sees what a client of the server would see."""
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.since(starlette="1.2.0")
def test_which_handler_answers_which_request(
    recorded: Callable[[str, str], None],
) -> None:
    texts = []
    for target in [
        "GET /items/5",
        "GET /items/2",
        "GET /items/10",
        "GET /nowhere",
        "POST /items/5",
        "GET /items/x",
        "GET /items/0",
    ]:
        response = visitor(handlers.app).request(*target.split())
        status = f"{response.status_code} {response.reason_phrase}"
        texts.append(f"{target}\n{status}  {response.text}")
    recorded("answers.txt", "\n\n".join(texts))


def test_the_handler_for_starlettes_class_logs_and_keeps_the_default_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, handlers.__name__):
        assert visitor(handlers.app).get("/nowhere").json() == {"detail": "Not Found"}
    (message,) = [r.getMessage() for r in caplog.records if r.name == handlers.__name__]
    assert message == "'/nowhere': 404"


@pytest.mark.parametrize(
    ("path", "logged"),
    [("/a%1b[2K", r"'/a\x1b[2K'"), ("/%E2%80%A8", r"'/\u2028'")],
)
def test_escape_codes_and_line_separators_of_a_path_are_logged_as_text(
    path: str, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, handlers.__name__):
        assert visitor(handlers.app).get(path).status_code == 404
    (message,) = [r.getMessage() for r in caplog.records if r.name == handlers.__name__]
    assert message == f"{logged}: 404"


@pytest.mark.parametrize("module", [handlers, http_exception_of_starlette])
def test_the_handlers_answer_for_a_websocket_that_is_refused(
    module: ModuleType,
) -> None:
    app = FastAPI(exception_handlers=dict(module.app.exception_handlers))
    connections: list[WebSocket] = []

    @app.websocket("/")
    async def socket(websocket: WebSocket) -> None:
        connections.append(websocket)
        raise HTTPException(403)

    with (
        pytest.raises(WebSocketDenialResponse) as caught,
        TestClient(app).websocket_connect("/"),
    ):
        pytest.fail("the handshake was accepted")
    assert caught.value.status_code == 403
    assert not hasattr(connections[0], "method")


@pytest.mark.parametrize("module", [handlers, http_exception_of_starlette])
def test_after_accept_a_server_cannot_send_the_answer_of_a_handler(
    module: ModuleType, serve: Any
) -> None:
    app = FastAPI(exception_handlers=dict(module.app.exception_handlers))
    errors: list[Exception] = []

    @app.websocket("/")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        raise HTTPException(403)

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Exception as error:
            errors.append(error)
            raise

    with (
        serve(watched, lifespan="off") as (url, _),
        connect(url.replace("http", "ws")) as client,
        pytest.raises(ConnectionClosedError),
    ):
        client.recv()
    assert [type(error) for error in errors] == [RuntimeError]


def test_of_two_handlers_for_one_class_the_last_counts() -> None:
    async def first(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("first")

    async def last(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("last")

    for pair in ((KeyError, KeyError), (500, Exception), (Exception, 500)):
        app = FastAPI()
        app.add_exception_handler(pair[0], first)
        app.add_exception_handler(pair[1], last)

        @app.get("/")
        async def read() -> None:
            raise KeyError

        assert visitor(app).get("/").text == "last"


def test_fastapis_http_exception_is_a_subclass_of_starlettes() -> None:
    assert issubclass(HTTPException, StarletteHTTPException)
    assert HTTPException is not StarletteHTTPException


def test_the_three_validation_errors_are_no_http_exceptions() -> None:
    for error in (
        RequestValidationError,
        WebSocketRequestValidationError,
        ResponseValidationError,
    ):
        assert not issubclass(error, StarletteHTTPException)
    assert issubclass(ValidationError, ValueError)


def test_a_handler_for_422_does_not_get_failed_validation() -> None:
    async def handler(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("handler for 422", status_code=422)

    app = FastAPI(exception_handlers={422: handler})
    app.get("/items/{item_id}")(handlers.read_item)

    @app.get("/raised")
    async def raised() -> None:
        raise HTTPException(422)

    assert visitor(app).get("/items/x").json()["detail"][0]["type"] == "int_parsing"
    assert visitor(app).get("/raised").text == "handler for 422"


def test_a_handler_for_404_gets_unknown_paths_and_raised_404s() -> None:
    app = FastAPI(exception_handlers={404: not_found})
    app.get("/items/{item_id}")(handlers.read_item)
    assert visitor(app).get("/nowhere").text == "nothing here"
    assert visitor(app).get("/items/10").text == "nothing here"


def test_the_order_of_registration_does_not_matter() -> None:
    async def general(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("general")

    async def exact(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("exact")

    pairs = [(handlers.ShopError, general), (handlers.OutOfStock, exact)]
    for order in (pairs, pairs[::-1]):
        app = FastAPI()
        for error, handler in order:
            app.add_exception_handler(error, handler)
        app.get("/items/{item_id}")(handlers.read_item)
        assert visitor(app).get("/items/2").text == "exact"


def test_a_304_with_a_body_is_no_valid_answer_and_the_handler_sends_none() -> None:
    response = visitor(http_exception_of_starlette.app).get("/items/304")
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == '"7"'
    assert "content-length" not in response.headers


def test_a_handler_for_fastapis_http_exception_misses_unknown_paths_and_methods() -> (
    None
):
    client = visitor(wrong_http_exception_of_fastapi.app)
    assert client.get("/items/1").json() == {"error": "no such item"}
    assert client.get("/nowhere").json() == {"detail": "Not Found"}
    assert client.post("/items/1").json() == {"detail": "Method Not Allowed"}


def test_fastapi_raises_both_classes_too() -> None:
    app = FastAPI()

    @app.exception_handler(StarletteHTTPException)
    async def handler(request: Request, exc: StarletteHTTPException) -> JSONResponse:
        return JSONResponse(type(exc).__module__, exc.status_code)

    @app.post("/")
    async def endpoint(body: dict[str, int]) -> None: ...

    @app.get("/", dependencies=[Depends(HTTPBearer())])
    async def bearer() -> None: ...

    @app.get("/key", dependencies=[Depends(APIKeyHeader(name="X-Key"))])
    async def key() -> None: ...

    client = visitor(app)
    as_json = {"Content-Type": "application/json"}
    response = client.post("/", content=b"\xff", headers=as_json)
    assert (response.status_code, response.json()) == (400, "starlette.exceptions")
    response = client.get("/")
    assert (response.status_code, response.json()) == (401, "fastapi.exceptions")
    response = client.get("/key")
    assert (response.status_code, response.json()) == (401, "starlette.exceptions")


def test_a_handler_for_starlettes_http_exception_gets_all_of_them() -> None:
    client = visitor(http_exception_of_starlette.app)
    assert client.get("/items/1").json() == {"error": "no such item"}
    assert client.get("/items/1").headers["x-reason"] == "gone"
    assert client.get("/nowhere").json() == {"error": "Not Found"}
    response = client.post("/items/1")
    assert response.json() == {"error": "Method Not Allowed"}
    assert response.headers["allow"] == "GET"


def test_a_handler_for_exception_answers_and_the_exception_is_raised_all_the_same() -> (
    None
):
    response = visitor(handlers.app).get("/items/0")
    assert (response.status_code, response.json()) == (500, {"detail": "Sorry"})
    with pytest.raises(ZeroDivisionError):
        TestClient(handlers.app).get("/items/0")


def test_a_handler_for_exception_gets_neither_404_nor_405_nor_422() -> None:
    app = FastAPI(exception_handlers={Exception: handlers.server_error})

    @app.get("/items/{item_id}")
    async def read(item_id: int) -> None:
        pass

    client = visitor(app)
    assert client.get("/nowhere").status_code == 404
    assert client.post("/items/1").status_code == 405
    assert client.get("/items/x").status_code == 422


def test_a_handler_for_500_does_not_get_an_http_exception_with_status_500() -> None:
    app = FastAPI()

    @app.exception_handler(500)
    async def handler(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("handler for 500", status_code=500)

    @app.get("/http")
    async def http() -> None:
        raise HTTPException(500, detail="raised")

    @app.get("/key")
    async def key() -> None:
        raise KeyError

    assert visitor(app).get("/http").json() == {"detail": "raised"}
    assert visitor(app).get("/key").text == "handler for 500"


def test_with_debug_the_traceback_answers_and_not_the_handler_for_exception() -> None:
    app = FastAPI(debug=True, exception_handlers={Exception: handlers.server_error})

    @app.get("/")
    async def read() -> None:
        raise KeyError

    assert visitor(app).get("/").text.startswith("Traceback")


def test_a_handler_for_exception_is_not_called_for_a_websocket() -> None:
    app = FastAPI()
    calls: list[Exception] = []

    @app.exception_handler(Exception)
    async def handler(request: Request, exc: Exception) -> PlainTextResponse:
        calls.append(exc)
        return PlainTextResponse("", status_code=500)

    @app.websocket("/")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        raise KeyError

    with pytest.raises(KeyError), TestClient(app).websocket_connect("/") as websocket:
        websocket.receive_text()
    assert calls == []


def test_an_exception_of_middleware_reaches_the_handler_for_exception_only() -> None:
    app = FastAPI(exception_handlers={Exception: handlers.server_error})

    @app.exception_handler(KeyError)
    async def handler(request: Request, exc: KeyError) -> PlainTextResponse:
        return PlainTextResponse("handler for KeyError")

    @app.middleware("http")
    async def middleware(request: Request, call_next: object) -> PlainTextResponse:
        raise KeyError

    assert visitor(app).get("/").json() == {"detail": "Sorry"}


def test_a_def_handler_runs_in_a_worker_thread() -> None:
    app = FastAPI()
    threads: list[threading.Thread] = []

    @app.exception_handler(KeyError)
    def handler(request: Request, exc: KeyError) -> PlainTextResponse:
        threads.append(threading.current_thread())
        return PlainTextResponse("")

    @app.get("/")
    async def read() -> None:
        threads.append(threading.current_thread())
        raise KeyError

    visitor(app).get("/")
    assert threads[0] is not threads[1]


def test_a_handler_for_exception_runs_outside_all_middleware() -> None:
    app = FastAPI()
    seen: list[str] = []

    @app.middleware("http")
    async def middleware(request: Request, call_next):  # type: ignore[no-untyped-def]
        try:
            return await call_next(request)
        except KeyError:
            seen.append("exception")
            raise

    @app.exception_handler(Exception)
    async def handler(request: Request, exc: Exception) -> PlainTextResponse:
        seen.append("handler")
        return PlainTextResponse("", status_code=500)

    @app.get("/")
    async def read() -> None:
        raise KeyError

    visitor(app).get("/")
    assert seen == ["exception", "handler"]


def test_a_handler_for_another_class_runs_inside_all_middleware() -> None:
    app = FastAPI()
    seen: list[int] = []

    @app.middleware("http")
    async def middleware(request: Request, call_next):  # type: ignore[no-untyped-def]
        response = await call_next(request)
        seen.append(response.status_code)
        return response

    @app.exception_handler(KeyError)
    async def handler(request: Request, exc: KeyError) -> PlainTextResponse:
        return PlainTextResponse("", status_code=418)

    @app.get("/")
    async def read() -> None:
        raise KeyError

    visitor(app).get("/")
    assert seen == [418]


async def not_found(request: Request, exc: Exception) -> PlainTextResponse:
    return PlainTextResponse("nothing here", status_code=404)


def test_the_nearest_class_wins_and_a_status_wins_over_classes() -> None:
    app = FastAPI()
    app.add_exception_handler(404, not_found)

    @app.exception_handler(LookupError)
    async def lookup_error(request: Request, exc: LookupError) -> PlainTextResponse:
        return PlainTextResponse("lookup")

    @app.exception_handler(StarletteHTTPException)
    async def http_error(
        request: Request, exc: StarletteHTTPException
    ) -> PlainTextResponse:
        return PlainTextResponse("class")

    @app.exception_handler(KeyError)
    async def key_error(request: Request, exc: KeyError) -> PlainTextResponse:
        return PlainTextResponse("key")

    @app.get("/key")
    async def key() -> None:
        raise KeyError

    @app.get("/index")
    async def index() -> None:
        raise IndexError

    client = visitor(app)
    assert client.get("/key").text == "key"
    assert client.get("/index").text == "lookup"
    assert client.get("/nowhere").text == "nothing here"


def test_a_handler_for_a_status_does_not_get_a_response_with_that_status() -> None:
    app = FastAPI()
    app.add_exception_handler(404, not_found)

    @app.get("/")
    async def read() -> JSONResponse:
        return JSONResponse("returned", status_code=404)

    assert visitor(app).get("/").json() == "returned"


def test_a_handler_added_after_the_first_request_is_never_called() -> None:
    client = visitor(wrong_late_handler.app)
    assert client.post("/strict").status_code == 200
    assert ZeroDivisionError in wrong_late_handler.app.exception_handlers
    assert client.get("/divide").status_code == 500


def test_a_handler_registered_in_the_lifespan_is_never_called() -> None:
    async def handler(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("", status_code=400)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.add_exception_handler(KeyError, handler)
        yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/")
    async def read() -> None:
        raise KeyError

    with visitor(app) as client:
        assert client.get("/").status_code == 500


def test_a_handler_given_to_the_constructor_is_called() -> None:
    assert visitor(handler_at_construction.app).get("/divide").status_code == 400


def test_a_handler_must_return_a_response() -> None:
    app = FastAPI()

    @app.exception_handler(KeyError)
    async def handler(request: Request, exc: KeyError) -> dict[str, str]:
        return {"detail": "no such key"}

    @app.get("/")
    async def read() -> None:
        raise KeyError

    with pytest.raises(TypeError, match="'dict' object is not callable"):
        TestClient(app).get("/")


def test_after_the_response_has_started_no_handler_for_a_class_is_called() -> None:
    app = FastAPI()

    @app.exception_handler(KeyError)
    async def handler(request: Request, exc: KeyError) -> PlainTextResponse:
        return PlainTextResponse("handled")

    def chunks() -> Iterator[bytes]:
        yield b"first"
        raise KeyError

    @app.get("/")
    async def read() -> StreamingResponse:
        return StreamingResponse(chunks())

    def failing() -> None:
        raise KeyError

    @app.get("/task")
    async def task(tasks: BackgroundTasks) -> None:
        tasks.add_task(failing)

    def dependency() -> Iterator[None]:
        yield
        raise KeyError

    @app.get("/yield", dependencies=[Depends(dependency)])
    async def after_yield() -> None:
        return None

    message = "Caught handled exception, but response already started."
    for path in ("/", "/task", "/yield"):
        with pytest.raises(RuntimeError, match=message):
            TestClient(app).get(path)


def test_an_exception_in_server_sent_events_arrives_as_an_exception_group() -> None:
    app = FastAPI()
    calls: list[Exception] = []

    @app.exception_handler(KeyError)
    async def handler(request: Request, exc: KeyError) -> PlainTextResponse:
        calls.append(exc)
        return PlainTextResponse("handled")

    @app.get("/", response_class=EventSourceResponse)
    async def read() -> AsyncIterator[int]:
        yield 1
        raise KeyError

    with pytest.raises(ExceptionGroup) as caught:
        TestClient(app).get("/")
    assert caught.value.subgroup(KeyError) is not None
    assert calls == []


def test_after_the_response_has_started_the_answer_for_exception_is_thrown_away() -> (
    None
):
    app = FastAPI()
    calls: list[Exception] = []

    @app.exception_handler(Exception)
    async def handler(request: Request, exc: Exception) -> PlainTextResponse:
        calls.append(exc)
        return PlainTextResponse("handled", status_code=500)

    def chunks() -> Iterator[bytes]:
        yield b"first"
        raise KeyError

    @app.get("/")
    async def read() -> StreamingResponse:
        return StreamingResponse(chunks())

    response = visitor(app).get("/")
    assert response.status_code == 200
    assert "handled" not in response.text
    assert [type(exc) for exc in calls] == [KeyError]


def test_before_the_response_a_dependency_with_function_scope_gets_its_handler() -> (
    None
):
    app = FastAPI(exception_handlers={404: not_found})

    def dependency() -> Iterator[None]:
        yield
        raise HTTPException(404)

    @app.get("/", dependencies=[Depends(dependency, scope="function")])
    async def read() -> None:
        return None

    assert visitor(app).get("/").status_code == 404


def test_handlers_of_the_outer_application_answer_for_mounted_routers_and_files(
    tmp_path: Path,
) -> None:
    app = FastAPI(exception_handlers={404: not_found})
    app.mount("/router", Router())
    app.mount("/files", StaticFiles(directory=tmp_path))
    for path in ("/router/x", "/files/x"):
        assert visitor(app).get(path).text == "nothing here"


def test_handlers_of_the_outer_application_do_not_answer_for_a_mounted_one() -> None:
    outer, mounted = FastAPI(), FastAPI()

    @outer.exception_handler(404)
    async def handler(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("outer", status_code=404)

    @outer.exception_handler(Exception)
    @outer.exception_handler(KeyError)
    async def error(request: Request, exc: Exception) -> PlainTextResponse:
        return PlainTextResponse("outer", status_code=400)

    @mounted.get("/boom")
    async def boom() -> None:
        raise KeyError

    outer.mount("/mounted", mounted)
    assert visitor(outer).get("/mounted/boom").text == "Internal Server Error"
    assert visitor(outer).get("/nowhere").text == "outer"
    assert visitor(outer).get("/mounted/nowhere").json() == {"detail": "Not Found"}
