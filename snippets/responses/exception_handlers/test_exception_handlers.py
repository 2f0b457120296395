import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException as StarletteHTTPException

from snippets.responses.exception_handlers import (
    catch_all,
    handler_at_construction,
    http_exception_of_starlette,
    most_specific,
    wrong_http_exception_of_fastapi,
    wrong_late_handler,
)


def visitor(app: FastAPI) -> TestClient:
    """A client that sees what a client of the server would see."""
    return TestClient(app, raise_server_exceptions=False)


def test_fastapis_http_exception_is_a_subclass_of_starlettes() -> None:
    assert issubclass(HTTPException, StarletteHTTPException)
    assert HTTPException is not StarletteHTTPException


def test_a_handler_for_fastapis_http_exception_misses_unknown_paths_and_methods() -> (
    None
):
    client = visitor(wrong_http_exception_of_fastapi.app)
    assert client.get("/items/1").json() == {"error": "no such item"}
    assert client.get("/nowhere").json() == {"detail": "Not Found"}
    assert client.post("/items/1").json() == {"detail": "Method Not Allowed"}


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
    response = visitor(catch_all.app).get("/boom")
    assert (response.status_code, response.json()) == (
        500,
        {"detail": "internal server error"},
    )
    with pytest.raises(KeyError):
        TestClient(catch_all.app).get("/boom")


def test_a_handler_for_exception_gets_neither_404_nor_405_nor_422() -> None:
    app = FastAPI(exception_handlers=dict(catch_all.app.exception_handlers))

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
    app = FastAPI(debug=True, exception_handlers=dict(catch_all.app.exception_handlers))

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
    app = FastAPI(exception_handlers=dict(catch_all.app.exception_handlers))

    @app.exception_handler(KeyError)
    async def handler(request: Request, exc: KeyError) -> PlainTextResponse:
        return PlainTextResponse("handler for KeyError")

    @app.middleware("http")
    async def middleware(request: Request, call_next: object) -> PlainTextResponse:
        raise KeyError

    assert visitor(app).get("/").json() == {"detail": "internal server error"}


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


def test_the_nearest_class_wins_and_a_status_wins_over_classes() -> None:
    app = FastAPI(exception_handlers=dict(most_specific.app.exception_handlers))

    @app.exception_handler(LookupError)
    async def lookup_error(request: Request, exc: LookupError) -> PlainTextResponse:
        return PlainTextResponse("lookup")

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
    assert visitor(most_specific.app).get("/order").text == "shop error"
    assert client.get("/nowhere").text == "nothing here"


def test_a_handler_for_a_status_does_not_get_a_response_with_that_status() -> None:
    app = FastAPI(exception_handlers=dict(most_specific.app.exception_handlers))

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

    message = "Caught handled exception, but response already started."
    for path in ("/", "/task"):
        with pytest.raises(RuntimeError, match=message):
            TestClient(app).get(path)


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
