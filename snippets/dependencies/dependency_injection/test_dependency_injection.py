import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, HTTPException, Request, Response, WebSocket
from fastapi.params import Depends as DependsObject
from fastapi.testclient import TestClient

from snippets.dependencies.dependency_injection import (
    orders,
    passed_on,
    service_from_lifespan,
    wrong_depends_elsewhere,
    wrong_depends_in_constructor,
)

Recorder = Callable[[str, str], None]


class FakeMailer(orders.Mailer):
    def __init__(self) -> None:
        super().__init__("nobody")

    def confirm(self, order_id: int) -> str:
        return f"fake {order_id}"


def test_fastapi_calls_the_dependencies_of_dependencies_first(
    recorded: Recorder,
) -> None:
    client = TestClient(orders.app)
    targets = ["/orders/7", "/orders/7?shop=south"]
    answers = [f"POST {target}\n{client.post(target).text}" for target in targets]
    recorded("answers.txt", "\n\n".join(answers))


def test_the_client_chooses_no_sender_of_its_own() -> None:
    assert TestClient(orders.app).post("/orders/7?shop=director").status_code == 422


def test_parameters_of_dependencies_are_in_the_openapi_document() -> None:
    operation = orders.app.openapi()["paths"]["/orders/{order_id}"]["post"]
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert names == {"order_id", "shop"}


def test_a_dependency_stops_the_request_with_an_http_exception() -> None:
    app = FastAPI()

    def refuse() -> None:
        raise HTTPException(403)

    @app.get("/", dependencies=[Depends(refuse)])
    def read() -> None:
        pytest.fail("the path operation was called")

    assert TestClient(app).get("/").status_code == 403


def test_functions_classes_and_instances_with_call_are_dependencies() -> None:
    class Number:
        def __init__(self, value: int = 1) -> None:
            self.value = value

        def __call__(self) -> int:
            return self.value

    async def two() -> int:
        return 2

    app = FastAPI()

    @app.get("/")
    def read(
        one: Annotated[Number, Depends()],
        second: Annotated[int, Depends(two)],
        third: Annotated[int, Depends(Number(3))],
    ) -> list[int]:
        return [one.value, second, third]

    assert TestClient(app).get("/").json() == [1, 2, 3]


def test_a_builtin_type_such_as_dict_is_refused_at_import() -> None:
    def read(value: Annotated[object, Depends(dict)]) -> None:
        pass

    with pytest.raises(ValueError, match="no signature found"):
        FastAPI().get("/")(read)


def test_lru_cache_may_run_twice_when_two_first_requests_come_at_once() -> None:
    both = threading.Barrier(2, timeout=30)
    made: list[object] = []

    @lru_cache
    def get_model() -> object:
        both.wait()  # neither call ends before the other has begun
        made.append(object())
        return made[-1]

    app = FastAPI()

    @app.get("/")
    def read(model: Annotated[object, Depends(get_model)]) -> None:
        pass

    client = TestClient(app)
    with ThreadPoolExecutor(2) as pool:
        assert len(list(pool.map(client.get, ["/", "/"]))) == 2
    assert len(made) == 2


def test_lru_cache_on_a_def_function_gives_one_object_to_all_requests() -> None:
    @lru_cache
    def get_settings() -> orders.Settings:
        return orders.Settings()

    app = FastAPI()
    seen: list[orders.Settings] = []

    @app.get("/")
    def read(settings: Annotated[orders.Settings, Depends(get_settings)]) -> None:
        seen.append(settings)

    client = TestClient(app)
    client.get("/")
    client.get("/")
    assert seen[0] is seen[1]


def test_lru_cache_refuses_a_model_as_a_parameter() -> None:
    @lru_cache
    def get_sender(
        settings: Annotated[orders.Settings, Depends(orders.get_settings)],
    ) -> str:
        return settings.domain

    app = FastAPI()

    @app.get("/")
    def read(sender: Annotated[str, Depends(get_sender)]) -> str:
        return sender

    with pytest.raises(TypeError, match="unhashable type: 'Settings'"):
        TestClient(app).get("/")


def test_the_functions_stay_ordinary_and_can_be_called_with_anything() -> None:
    assert orders.order(7, FakeMailer()) == "fake 7"


def test_a_dependency_is_replaced_under_its_callable_for_all_who_ask_for_it() -> None:
    orders.app.dependency_overrides[orders.get_settings] = lambda: orders.Settings(
        domain="test.example"
    )
    try:
        response = TestClient(orders.app).post("/orders/7")
    finally:
        orders.app.dependency_overrides.clear()
    assert response.json() == "north@test.example: order 7 confirmed"


def test_the_graph_is_read_when_the_path_operation_is_declared() -> None:
    app = FastAPI()

    def order(settings: Annotated[orders.Settings, Depends(orders.Settings())]) -> None:
        pass

    with pytest.raises(TypeError, match="is not a callable object"):
        app.get("/orders")(order)


def test_each_request_gets_its_own_object() -> None:
    app = FastAPI()
    seen: list[orders.Settings] = []

    @app.get("/settings")
    def read(
        settings: Annotated[orders.Settings, Depends(orders.get_settings)],
    ) -> None:
        seen.append(settings)

    client = TestClient(app)
    assert seen == []  # nothing is created before a request asks for it
    client.get("/settings")
    client.get("/settings")
    assert seen[0] is not seen[1]


def test_the_callable_decides_and_the_type_is_not_checked() -> None:
    app = FastAPI()

    def get_number() -> str:
        return "ten"

    @app.get("/number")
    def read(number: Annotated[int, Depends(get_number)]) -> str:
        return type(number).__name__

    assert TestClient(app).get("/number").json() == "str"


def test_websocket_endpoints_and_their_dependencies_are_injected_too() -> None:
    app = FastAPI()

    @app.websocket("/mail")
    async def mail(
        websocket: WebSocket,
        mailer: Annotated[orders.Mailer, Depends(orders.get_mailer)],
    ) -> None:
        await websocket.accept()
        await websocket.send_text(mailer.sender)
        await websocket.close()

    with TestClient(app).websocket_connect("/mail") as websocket:
        assert websocket.receive_text() == "north@example.org"


def failure_of(method: str, path: str) -> str:
    with pytest.raises(AttributeError) as raised:
        TestClient(wrong_depends_elsewhere.app).request(method, path)
    return f"{type(raised.value).__name__}: {raised.value}"


def test_depends_is_not_resolved_outside_the_functions_that_fastapi_calls(
    recorded: Recorder,
) -> None:
    with (
        pytest.raises(AttributeError) as raised,
        TestClient(wrong_depends_elsewhere.app),
    ):
        pass
    lines = {
        "helper": failure_of("GET", "/footer"),
        "background task": failure_of("POST", "/reports"),
        "exception handler": failure_of("GET", "/orders/7"),
        "middleware": failure_of("GET", "/sender"),
        "lifespan": f"{type(raised.value).__name__}: {raised.value}",
    }
    assert set(lines.values()) == {
        "AttributeError: 'Depends' object has no attribute 'sender'"
    }
    recorded(
        "not_injected.txt",
        "\n".join(f"{place:<19}{error}" for place, error in lines.items()),
    )


def test_with_annotated_the_direct_call_lacks_an_argument() -> None:
    with pytest.raises(
        TypeError, match="missing 1 required positional argument: 'settings'"
    ):
        # mypy reports the same, and would report an ignore without need
        orders.get_mailer()  # type: ignore[call-arg]


def test_helpers_and_background_tasks_get_the_value_as_an_argument() -> None:
    client = TestClient(passed_on.app)
    assert client.get("/footer").json() == "Sent by shop@example.org"
    passed_on.sent.clear()
    assert client.post("/reports").status_code == 200
    assert passed_on.sent == ["Report by shop@example.org"]


def test_a_class_is_injected_only_when_fastapi_creates_the_object() -> None:
    client = TestClient(wrong_depends_in_constructor.app)
    assert client.post("/orders/7").json() == "order 7 confirmed"
    assert isinstance(wrong_depends_in_constructor.Orders().mailer, DependsObject)
    mailer = wrong_depends_in_constructor.Mailer()
    assert wrong_depends_in_constructor.Orders(mailer).place(7) == "order 7 confirmed"
    with pytest.raises(AttributeError, match="'Depends' object has no attribute"):
        wrong_depends_in_constructor.nightly_job()


def test_a_class_with_annotated_in_its_constructor_lacks_an_argument() -> None:
    class Service:
        def __init__(
            self, settings: Annotated[orders.Settings, Depends(orders.get_settings)]
        ) -> None:
            self.settings = settings

    unchecked: Callable[..., Service] = Service
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        unchecked()


def test_a_service_from_the_lifespan_is_built_once_and_works_without_fastapi() -> None:
    assert service_from_lifespan.nightly_job() == "order 7 confirmed"
    with TestClient(service_from_lifespan.app) as client:
        assert client.post("/orders/7").json() == "order 7 confirmed"

    app = FastAPI(lifespan=service_from_lifespan.lifespan)
    seen: list[service_from_lifespan.Orders] = []

    @app.get("/seen")
    def read(
        orders: Annotated[
            service_from_lifespan.Orders, Depends(service_from_lifespan.get_orders)
        ],
    ) -> None:
        seen.append(orders)

    with TestClient(app) as client:
        client.get("/seen")
        client.get("/seen")
    assert seen[0] is seen[1]


def test_an_override_does_not_reach_code_that_calls_the_function_itself() -> None:
    app = FastAPI()
    app.dependency_overrides[orders.get_settings] = lambda: orders.Settings(
        domain="test.example"
    )

    @app.exception_handler(LookupError)
    async def not_found(request: Request, error: Exception) -> Response:
        return Response(orders.get_settings().domain, status_code=404)

    @app.get("/orders")
    def read(settings: Annotated[orders.Settings, Depends(orders.get_settings)]) -> str:
        raise LookupError(settings.domain)

    assert TestClient(app).get("/orders").text == "example.org"
