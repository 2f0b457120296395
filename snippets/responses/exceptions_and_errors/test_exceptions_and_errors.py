from collections.abc import Callable

import fastapi
import pytest
import starlette.exceptions
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.testclient import TestClient
from pydantic import ValidationError

from snippets.responses.exceptions_and_errors import (
    defaults,
    domain_errors,
    fixed_text,
    handler_for_own_error,
    wrong_handler_for_value_error,
    wrong_text_of_the_exception,
)


def visitor(app: FastAPI) -> TestClient:
    """A client that sees what a client of the server would see."""
    return TestClient(app, raise_server_exceptions=False)


def test_the_answers_to_five_kinds_of_failure(
    recorded: Callable[[str, str], None],
) -> None:
    lines = []
    for item in ("x", "0", "1", "2", "3"):
        response = visitor(defaults.app).get(f"/items/{item}")
        lines.append(f"GET /items/{item}: {response.status_code} {response.text}")
    recorded("defaults.txt", "\n".join(lines))
    assert (
        "application/json"
        in visitor(defaults.app).get("/items/0").headers["content-type"]
    )


@pytest.mark.parametrize(
    ("item", "error"),
    [(1, ResponseValidationError), (2, ValidationError), (3, KeyError)],
)
def test_what_has_no_handler_is_a_500_in_plain_text_and_raised_to_the_server(
    item: int, error: type[Exception]
) -> None:
    response = visitor(defaults.app).get(f"/items/{item}")
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    with pytest.raises(error):
        TestClient(defaults.app).get(f"/items/{item}")


def test_by_default_only_http_exceptions_and_failed_validation_have_handlers() -> None:
    assert set(FastAPI().exception_handlers) == {
        starlette.exceptions.HTTPException,
        RequestValidationError,
        fastapi.exceptions.WebSocketRequestValidationError,
    }


def test_fastapi_defines_no_database_error() -> None:
    assert not hasattr(fastapi, "DatabaseError")
    assert not hasattr(fastapi.exceptions, "DatabaseError")


def test_the_handler_of_an_own_class_answers() -> None:
    response = visitor(domain_errors.app).post("/orders/7")
    assert response.status_code == 409
    assert response.json() == {"detail": "out of stock", "item_id": 7}


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


def test_a_returned_http_exception_is_a_200_with_its_fields_or_a_500() -> None:
    app = FastAPI()

    @app.get("/")
    async def read():  # type: ignore[no-untyped-def]
        return HTTPException(404, detail="no such item")

    response = visitor(app).get("/")
    assert response.status_code == 200
    assert response.json()["status_code"] == 404

    @app.get("/typed", response_model=defaults.Item)
    async def typed() -> HTTPException:
        return HTTPException(404, detail="no such item")

    assert visitor(app).get("/typed").status_code == 500


def test_an_http_exception_raised_in_middleware_is_a_500() -> None:
    app = FastAPI()

    @app.middleware("http")
    async def middleware(request: Request, call_next: object) -> Response:
        raise HTTPException(401)

    response = visitor(app).get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


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


def test_nan_in_a_refused_body_makes_the_422_a_500() -> None:
    app = FastAPI()

    @app.post("/")
    async def create(amounts: dict[str, int]) -> None:
        pytest.fail("the endpoint was called")

    client = visitor(app)
    json = {"Content-Type": "application/json"}
    assert client.post("/", content='{"a": "x"}', headers=json).status_code == 422
    assert client.post("/", content='{"a": NaN}', headers=json).status_code == 500


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
