import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import fastapi
import pytest
import starlette.exceptions
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel, ValidationError

from snippets.responses.exceptions_and_errors import (
    fixed_text,
    handler_for_own_error,
    shop,
    wrong_handler_for_value_error,
    wrong_text_of_the_exception,
)


def visitor(app: FastAPI) -> TestClient:
    """A client that sees what a client of the server would see."""
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.since(starlette="1.2.0")
def test_the_answers_to_five_requests(
    recorded: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop, "stock", {1: 5, 2: 0})
    texts = []
    for method, path in [
        ("POST", "/orders/1"),
        ("POST", "/orders/9"),
        ("POST", "/orders/2"),
        ("POST", "/orders/x"),
        ("GET", "/broken"),
    ]:
        response = visitor(shop.app).request(method, path)
        status = f"{response.status_code} {response.reason_phrase}"
        texts.append(f"{method} {path}\n{status}  {response.text}")
    recorded("answers.txt", "\n\n".join(texts))


class Item(BaseModel):
    price: int


class Problem(BaseModel):
    detail: str


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/response", ResponseValidationError),
        ("/model", ValidationError),
        ("/key", KeyError),
    ],
)
def test_what_has_no_handler_is_a_500_in_plain_text_and_raised_to_the_server(
    path: str, error: type[Exception]
) -> None:
    app = FastAPI()
    stored: dict[str, Any] = {"price": "free"}

    @app.get("/response", response_model=Item)
    async def unfit() -> Any:
        return stored

    @app.get("/model")
    async def model() -> Any:
        return Item(**stored)

    @app.get("/key")
    async def key() -> Any:
        return stored["name"]

    response = visitor(app).get(path)
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    with pytest.raises(error):
        TestClient(app).get(path)


def test_a_handler_for_exception_answers_and_the_exception_is_raised_again() -> None:
    async def handler(request: Request, exc: Exception) -> JSONResponse:
        return JSONResponse({"detail": "Sorry"}, status_code=500)

    app = FastAPI(exception_handlers={Exception: handler})
    app.get("/broken")(shop.broken)
    assert visitor(app).get("/broken").json() == {"detail": "Sorry"}
    with pytest.raises(ZeroDivisionError):
        TestClient(app).get("/broken")


def test_the_default_handler_can_be_called_from_a_handler_of_your_own() -> None:
    app = FastAPI()
    seen: list[int] = []

    @app.exception_handler(starlette.exceptions.HTTPException)
    async def handler(
        request: Request, exc: starlette.exceptions.HTTPException
    ) -> Response:
        seen.append(exc.status_code)
        return await http_exception_handler(request, exc)

    assert visitor(app).get("/nowhere").json() == {"detail": "Not Found"}
    assert visitor(app).post("/docs").json() == {"detail": "Method Not Allowed"}
    assert seen == [404, 405]


def test_by_default_only_http_exceptions_and_failed_validation_have_handlers() -> None:
    assert set(FastAPI().exception_handlers) == {
        starlette.exceptions.HTTPException,
        RequestValidationError,
        fastapi.exceptions.WebSocketRequestValidationError,
    }


def test_fastapi_defines_no_database_error() -> None:
    assert not hasattr(fastapi, "DatabaseError")
    assert not hasattr(fastapi.exceptions, "DatabaseError")


def test_the_handler_of_a_class_gets_its_subclasses() -> None:
    class SoldOut(shop.OutOfStock):
        pass

    app = FastAPI(exception_handlers=dict(shop.app.exception_handlers))

    @app.get("/")
    async def read() -> None:
        raise SoldOut(7)

    response = visitor(app).get("/")
    assert response.status_code == 409
    assert response.json() == {"detail": "Out of stock", "item_id": 7}


def test_the_detail_may_be_any_json_and_headers_are_sent() -> None:
    app = FastAPI()

    @app.get("/")
    async def read() -> None:
        raise HTTPException(
            403, detail={"needs": ["admin"]}, headers={"X-Reason": "role"}
        )

    response = visitor(app).get("/")
    assert response.json() == {"detail": {"needs": ["admin"]}}
    assert response.headers["x-reason"] == "role"


def test_an_http_exception_ends_the_request_from_a_dependency_and_a_helper() -> None:
    app = FastAPI()

    def helper() -> None:
        raise HTTPException(404, detail="helper")

    async def dependency() -> None:
        raise HTTPException(401, detail="dependency")

    @app.get("/helper")
    async def with_helper() -> None:
        helper()

    @app.get("/dependency", dependencies=[Depends(dependency)])
    async def with_dependency() -> None:
        pytest.fail("the endpoint was called")

    response = visitor(app).get("/helper")
    assert (response.status_code, response.json()) == (404, {"detail": "helper"})
    response = visitor(app).get("/dependency")
    assert (response.status_code, response.json()) == (401, {"detail": "dependency"})


def test_an_http_exception_in_a_task_of_a_group_is_a_500() -> None:
    app = FastAPI()

    async def helper() -> None:
        raise HTTPException(404)

    @app.get("/awaited")
    async def awaited() -> None:
        await helper()

    @app.get("/group")
    async def group() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(helper())

    assert visitor(app).get("/awaited").status_code == 404
    assert visitor(app).get("/group").status_code == 500
    with pytest.raises(ExceptionGroup):
        TestClient(app).get("/group")


def test_an_except_exception_on_the_way_catches_an_http_exception() -> None:
    app = FastAPI()

    def find() -> None:
        raise HTTPException(404)

    @app.get("/wide")
    async def wide() -> None:
        try:
            find()
        except Exception as error:
            raise HTTPException(503) from error

    @app.get("/before")
    async def before() -> None:
        try:
            find()
        except HTTPException:
            raise
        except Exception as error:
            raise HTTPException(503) from error

    assert visitor(app).get("/wide").status_code == 503
    assert visitor(app).get("/before").status_code == 404


def test_a_response_that_a_dependency_returns_is_a_value_and_no_answer() -> None:
    app = FastAPI()

    def dependency() -> JSONResponse:
        return JSONResponse({}, 403)

    @app.get("/", dependencies=[Depends(dependency)])
    async def read() -> str:
        return "called"

    response = visitor(app).get("/")
    assert (response.status_code, response.json()) == (200, "called")


def test_a_returned_http_exception_is_a_200_with_its_fields_or_a_500() -> None:
    app = FastAPI()

    @app.get("/")
    async def read():  # type: ignore[no-untyped-def]
        return HTTPException(404, detail="no such item")

    response = visitor(app).get("/")
    assert response.status_code == 200
    assert response.json()["status_code"] == 404

    @app.get("/typed", response_model=Item)
    async def typed() -> HTTPException:
        return HTTPException(404, detail="no such item")

    assert visitor(app).get("/typed").status_code == 500

    @app.get("/fits", response_model=Problem)
    async def fits() -> HTTPException:
        return HTTPException(404, detail="no such item")

    response = visitor(app).get("/fits")
    assert (response.status_code, response.json()) == (200, {"detail": "no such item"})

    @app.get("/any")
    async def anything() -> Any:
        return HTTPException(404, detail="no such item")

    assert visitor(app).get("/any").status_code == 500


def test_an_http_exception_raised_in_middleware_is_a_500() -> None:
    app = FastAPI()

    @app.middleware("http")
    async def middleware(request: Request, call_next: object) -> Response:
        raise HTTPException(401)

    response = visitor(app).get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


@pytest.mark.parametrize(
    ("key", "inside"), [(KeyError, True), (Exception, False), (500, False)]
)
def test_a_handler_for_exception_or_500_answers_outside_the_middleware(
    key: type[Exception] | int, *, inside: bool
) -> None:
    app = FastAPI()

    @app.middleware("http")
    async def mark(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["X-Marked"] = "yes"
        return response

    @app.exception_handler(key)
    async def handle(request: Request, exc: Exception) -> JSONResponse:
        return JSONResponse({"detail": "handled"}, 503)

    @app.get("/")
    async def fail() -> None:
        raise KeyError

    response = visitor(app).get("/")
    assert response.json() == {"detail": "handled"}
    assert ("X-Marked" in response.headers) is inside


def test_an_http_exception_loses_background_tasks_and_injected_headers() -> None:
    app = FastAPI()
    ran: list[str] = []

    @app.get("/")
    async def read(tasks: BackgroundTasks, response: Response) -> None:
        tasks.add_task(ran.append, "task")
        response.headers["X-Injected"] = "yes"
        raise HTTPException(409)

    response = visitor(app).get("/")
    assert response.status_code == 409
    assert "x-injected" not in response.headers
    assert ran == []


@pytest.mark.parametrize("value", ["NaN", "1e999", '"\\ud800"'])
def test_nan_infinity_or_half_a_pair_in_a_refused_body_makes_the_422_a_500(
    value: str,
) -> None:
    app = FastAPI()

    @app.post("/")
    async def create(amounts: dict[str, int]) -> None:
        pytest.fail("the endpoint was called")

    client = visitor(app)
    json = {"Content-Type": "application/json"}
    assert client.post("/", content='{"a": "x"}', headers=json).status_code == 422
    content = f'{{"a": {value}}}'
    assert client.post("/", content=content, headers=json).status_code == 500


@pytest.mark.parametrize("value", ["NaN", "1e999", '"\\ud800"'])
def test_nan_in_a_part_that_is_not_refused_leaves_the_422(value: str) -> None:
    class Order(BaseModel):
        note: float | str
        quantity: int

    app = FastAPI()

    @app.post("/")
    async def create(order: Order) -> None:
        pytest.fail("the endpoint was called")

    content = f'{{"note": {value}, "quantity": "x"}}'
    json = {"Content-Type": "application/json"}
    assert visitor(app).post("/", content=content, headers=json).status_code == 422


def test_only_the_422_is_in_the_openapi_document_and_only_with_something_to_validate() -> (
    None
):
    app = FastAPI()

    @app.get("/plain")
    async def plain() -> None:
        raise HTTPException(404)

    @app.get("/items/{item_id}")
    async def item(item_id: int) -> None:
        raise HTTPException(404)

    paths = app.openapi()["paths"]
    assert set(paths["/plain"]["get"]["responses"]) == {"200"}
    assert set(paths["/items/{item_id}"]["get"]["responses"]) == {"200", "422"}


def test_the_text_of_an_exception_tells_the_client_about_the_inside() -> None:
    response = visitor(wrong_text_of_the_exception.app).get("/orders")
    assert "orders-db-3.internal as user 'admin'" in response.text


def test_a_fixed_text_tells_the_log_and_not_the_client(
    caplog: pytest.LogCaptureFixture,
) -> None:
    response = visitor(fixed_text.app).get("/orders")
    assert (response.status_code, response.json()) == (
        503,
        {"detail": "try again later"},
    )
    assert "orders-db-3.internal" in caplog.text


def test_the_call_that_waits_for_a_database_does_not_stop_the_event_loop() -> None:
    assert not inspect.iscoroutinefunction(fixed_text.list_orders)


def test_a_handler_for_value_error_catches_pydantics_errors_and_leaks_the_input() -> (
    None
):
    response = visitor(wrong_handler_for_value_error.app).get("/salary")
    assert response.status_code == 400
    assert "90000 EUR" in response.json()["detail"]


def test_a_handler_for_an_own_class_leaves_a_fault_of_the_server_a_500() -> None:
    client = visitor(handler_for_own_error.app)
    assert client.get("/order").status_code == 400
    assert (client.get("/salary").status_code, client.get("/salary").text) == (
        500,
        "Internal Server Error",
    )


def test_failed_validation_of_a_request_is_no_value_error() -> None:
    assert not issubclass(RequestValidationError, ValueError)
    assert issubclass(ValidationError, ValueError)


def test_with_debug_the_500_holds_the_traceback_whatever_the_handlers() -> None:
    app = FastAPI(debug=True)

    @app.exception_handler(Exception)
    async def handler(request: Request, exc: Exception) -> Response:
        pytest.fail("the handler was called")

    @app.get("/")
    async def read() -> None:
        raise KeyError("token")

    response = visitor(app).get("/")
    assert response.status_code == 500
    assert "Traceback (most recent call last)" in response.text


def test_a_router_has_no_exception_handlers() -> None:
    assert not hasattr(fastapi.APIRouter, "exception_handler")
