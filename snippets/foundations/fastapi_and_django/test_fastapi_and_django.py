import asyncio
import contextlib
import importlib
import json
import threading
from bisect import bisect
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import django
import httpx2
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.exceptions import SynchronousOnlyOperation
from django.core.signals import request_finished
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import clear_url_caches, path, set_script_prefix, set_urlconf
from django.utils.functional import empty
from fastapi import FastAPI
from fastapi.testclient import TestClient

from snippets.foundations.fastapi_and_django import fastapi_orders

PATIENCE = 30.0
PACKAGE = "snippets.foundations.fastapi_and_django"
JSON = {"Content-Type": "application/json"}
SHOWN = [
    '{"item": "tea", "boxes": 2}',
    '{"item": "tea", "boxes": "two"}',
    '{"item": "tea"}',
    '{"item": ',
]
LOADED: dict[str, tuple[ModuleType, Any]] = {}
Load = Callable[[str], ModuleType]


@pytest.fixture
def load() -> Iterator[Load]:
    """Import a Django program with settings of its own, which a process has only once."""

    def import_program(name: str) -> ModuleType:
        if name not in LOADED:
            settings._wrapped = empty
            module = importlib.import_module(f"{PACKAGE}.{name}")
            LOADED[name] = (module, settings._wrapped)
        module, own_settings = LOADED[name]
        settings._wrapped = own_settings
        clear_url_caches()
        return module

    yield import_program
    settings._wrapped = empty
    set_urlconf(None)
    set_script_prefix("/")
    clear_url_caches()


@pytest.fixture
def database(load: Load, tmp_path: Path) -> Iterator[ModuleType]:
    """Give the program with the ORM and a database file with one order."""
    load("wrong_orm_in_async_def")
    module = load("orm_in_def")
    connections.settings = connections.configure_settings(None)
    connections.settings["default"]["NAME"] = str(tmp_path / "orders.sqlite3")
    with connection.schema_editor() as editor:
        editor.create_model(module.Order)
    module.Order.objects.create(item="tea")
    yield module
    connection.close()
    del connections["default"]
    del connections.settings


@contextlib.contextmanager
def urls(*patterns: Any) -> Iterator[None]:
    """Give the loaded Django program other URLs for a while."""
    before = settings.ROOT_URLCONF
    module = ModuleType("urls")
    module.urlpatterns = patterns  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = module
    clear_url_caches()
    try:
        yield
    finally:
        settings.ROOT_URLCONF = before
        clear_url_caches()


def quiet(app: Any) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


def test_what_both_answer_to_right_and_wrong_bodies(load: Load, recorded: Any) -> None:
    django_app = load("django_orders").app
    lines = []
    for body in SHOWN:
        answer = TestClient(django_app).post("/orders", content=body, headers=JSON)
        lines += [body, f"  Django   {answer.status_code} {answer.text}"]
        answer = TestClient(fastapi_orders.app).post(
            "/orders", content=body, headers=JSON
        )
        shown = answer.text if answer.is_success else answer.json()["detail"][0]["msg"]
        lines += [f"  FastAPI  {answer.status_code} {shown}"]
    recorded("answers.txt", "\n".join(lines))


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1]", b'"x"', b"null", b'{"item": "\xff"}', b"[" * 100_000]
    + [b'{"item": "tea", "boxes": %s}' % boxes for boxes in (b"NaN", b"1e999")]
    + [b'{"item": "tea", "boxes": ' + b"9" * n + b"}" for n in (4_300, 5_000)],
)
def test_no_body_makes_the_django_view_fail(load: Load, body: bytes) -> None:
    client = TestClient(load("django_orders").app)
    assert client.post("/orders", content=body, headers=JSON).status_code == 422


def test_no_depth_of_a_body_makes_the_django_view_fail(load: Load) -> None:
    client = quiet(load("django_orders").app)

    def post(depth: int) -> Any:
        body = b'{"item": ' + b"[" * depth + b"]" * depth + b', "boxes": 1}'
        return client.post("/orders", content=body, headers=JSON)

    depths = range(1, 100_000)
    last = bisect(depths, False, key=lambda depth: '"item"' not in post(depth).text)
    assert "Send a JSON object" in post(depths[-1]).text
    statuses = [post(last + more).status_code for more in range(10)]
    assert statuses == [422] * 10


def test_a_django_view_gets_the_body_unchecked(load: Load) -> None:
    load("django_orders")

    def view(request: HttpRequest) -> HttpResponse:
        assert isinstance(request.body, bytes)
        return HttpResponse(json.loads(request.body)["boxes"] * 6)

    with urls(path("orders", view)):
        client = quiet(get_asgi_application())
        assert client.post("/orders", json={"boxes": "2"}).text == "222222"
        assert client.post("/orders", json={}).status_code == 500
        assert client.get("/openapi.json").status_code == 404


def test_both_refuse_an_empty_item(load: Load) -> None:
    for app in (load("django_orders").app, fastapi_orders.app):
        answer = TestClient(app).post("/orders", json={"item": "", "boxes": 1})
        assert answer.status_code == 422


def test_a_form_makes_text_of_a_list(load: Load) -> None:
    body = {"item": ["tea"], "boxes": 1}
    answer = TestClient(load("django_orders").app).post("/orders", json=body)
    assert answer.status_code == 201
    assert answer.json()["item"] == "['tea']"
    assert TestClient(fastapi_orders.app).post("/orders", json=body).status_code == 422


def test_with_the_middleware_of_startproject_a_view_needs_csrf_exempt(
    load: Load,
) -> None:
    program = load("django_orders")
    template = Path(django.__file__).parent / "conf" / "project_template"
    project_settings = (template / "project_name" / "settings.py-tpl").read_text()
    assert "'django.middleware.csrf.CsrfViewMiddleware'" in project_settings
    settings.MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
    try:
        with urls(
            path("exempt", program.create_order),
            path("plain", lambda request: HttpResponse("reached")),
        ):
            client = TestClient(get_asgi_application())
            body = {"item": "tea", "boxes": 2}
            assert client.post("/exempt", json=body).status_code == 201
            assert client.post("/plain", json=body).status_code == 403
    finally:
        settings.MIDDLEWARE = []


def test_one_asgi_server_serves_both(load: Load, recorded: Any) -> None:
    client = TestClient(load("one_server").app)
    lines = []
    for url in ("/api/orders", "/django/orders"):
        answer = client.get(url)
        lines.append(f"GET {url}  {answer.status_code} {answer.text}")
    recorded("one_server.txt", "\n".join(lines))
    assert client.get("/docs").status_code == 200


def test_fastapi_keeps_its_405_and_its_redirect_beside_a_prefix(load: Load) -> None:
    client = TestClient(load("one_server").app)
    assert client.post("/api/orders").status_code == 405
    assert client.get("/api/orders/").json() == {"from": "FastAPI"}
    with (
        pytest.raises(ValueError, match="not websocket"),
        client.websocket_connect("/django/unknown"),
    ):
        pass


def test_the_urls_of_django_cannot_mount_fastapi(load: Load) -> None:
    load("django_orders")
    with urls(path("api", fastapi_orders.app)):
        assert quiet(get_asgi_application()).get("/api").status_code == 500


def test_the_openapi_document_lists_no_django_view(load: Load) -> None:
    paths = TestClient(load("one_server").app).get("/openapi.json").json()["paths"]
    assert list(paths) == ["/api/orders"]


def test_django_alone_has_no_lifespan_and_no_websocket(load: Load) -> None:
    app = load("django_orders").app
    with pytest.raises(ValueError, match="not lifespan"), TestClient(app):
        pass
    with (
        pytest.raises(ValueError, match="not websocket"),
        TestClient(app).websocket_connect("/"),
    ):
        pass


def test_the_orm_refuses_to_block_an_event_loop(
    load: Load, database: ModuleType
) -> None:
    app = load("wrong_orm_in_async_def").app
    with pytest.raises(SynchronousOnlyOperation, match="from an async context"):
        TestClient(app).get("/orders/count")


def test_the_orm_works_in_a_def_path_operation(database: ModuleType) -> None:
    assert TestClient(database.app).get("/orders/count").json() == 1


def test_the_connection_of_the_worker_thread_is_closed(
    database: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_after: list[bool] = []
    close = database.close_old_connections

    def watch() -> None:
        close()
        open_after.append(connection.connection is not None)

    monkeypatch.setattr(database, "close_old_connections", watch)
    TestClient(database.app).get("/orders/count")
    assert open_after == [False, False]


def test_without_it_the_connection_stays_open(database: ModuleType) -> None:
    app = FastAPI()
    states: list[bool] = []

    @app.get("/")
    def count() -> int:
        found: int = database.Order.objects.count()
        states.append(connection.connection is not None)
        connection.close()
        return found

    TestClient(app).get("/")
    assert states == [True]


def test_only_requests_to_django_send_the_signal_that_closes_connections(
    load: Load,
) -> None:
    app = load("one_server").app
    received: list[Any] = []

    def receiver(**arguments: Any) -> None:
        received.append(arguments["sender"])

    request_finished.connect(receiver)
    try:
        TestClient(app).get("/api/orders")
        assert received == []
        TestClient(app).get("/django/orders")
        assert len(received) == 1
    finally:
        request_finished.disconnect(receiver)


def test_the_asynchronous_query_methods_run_the_query_in_a_thread(
    database: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    query_set = type(database.Order.objects.all())

    def count(self: Any) -> int:
        threads.append(threading.current_thread())
        return 1

    monkeypatch.setattr(query_set, "count", count)
    assert asyncio.run(database.Order.objects.acount()) == 1
    assert threads != [threading.current_thread()]


def test_a_transaction_is_no_asynchronous_context_manager(database: ModuleType) -> None:
    assert not hasattr(transaction.atomic(), "__aenter__")


async def met(app: Any, path: str) -> list[str]:
    """Send two requests at the same time and return their answers."""
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://test"
    ) as client:
        answers = await asyncio.gather(client.get(path), client.get(path))
    return [answer.text for answer in answers]


def meeting(patience: float) -> Callable[[], str]:
    barrier = threading.Barrier(2, timeout=patience)

    def wait() -> str:
        try:
            barrier.wait()
        except threading.BrokenBarrierError:
            return "alone"
        return "met"

    return wait


def test_in_fastapi_all_thread_sensitive_calls_share_one_thread() -> None:
    wait = sync_to_async(meeting(0.1))
    app = FastAPI()

    @app.get("/", response_model=None)
    async def endpoint() -> HttpResponse | str:
        return await wait()

    assert asyncio.run(met(app, "/")) == ['"alone"', '"alone"']


def test_in_django_each_request_has_a_thread_for_them(load: Load) -> None:
    load("django_orders")
    wait = sync_to_async(meeting(PATIENCE))

    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(await wait())

    with urls(path("", view)):
        assert asyncio.run(met(get_asgi_application(), "/")) == ["met", "met"]


def test_an_async_view_runs_on_the_event_loop_under_asgi(load: Load) -> None:
    load("django_orders")
    loops: list[Any] = []

    async def view(request: HttpRequest) -> HttpResponse:
        loops.append(asyncio.get_running_loop())
        return HttpResponse("")

    async def two() -> None:
        app = get_asgi_application()
        await met(app, "/")
        assert loops == [asyncio.get_running_loop()] * 2

    with urls(path("", view)):
        asyncio.run(two())


def test_what_comes_with_django_and_not_with_fastapi() -> None:
    for name in (
        "contrib.admin",
        "contrib.auth",
        "contrib.sessions",
        "contrib.messages",
        "core.cache",
        "core.mail",
        "db.migrations",
        "db.models",
        "forms",
        "middleware.csrf",
        "template",
        "utils.translation",
    ):
        assert find_spec(f"django.{name}") is not None
        assert find_spec(f"fastapi.{name.split('.')[-1]}") is None


def test_what_no_fastapi_route_answers_goes_to_a_django_at_the_root(
    load: Load,
) -> None:
    app = FastAPI()
    app.get("/api/orders")(lambda: None)
    app.mount("/", load("one_server").django_app)
    client = TestClient(app)
    for method, url in (("POST", "/api/orders"), ("GET", "/api/orders/")):
        answer = client.request(method, url, follow_redirects=False)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
    alone = FastAPI()
    alone.get("/api/orders")(lambda: None)
    assert TestClient(alone).post("/api/orders").status_code == 405
    assert TestClient(alone).get("/api/orders/").status_code == 200  # redirected
    with (
        pytest.raises(ValueError, match="not websocket"),
        client.websocket_connect("/unknown"),
    ):
        pass


def test_a_connection_opened_by_an_asynchronous_query_stays_open(
    database: ModuleType,
) -> None:
    app = FastAPI()

    @app.get("/")
    async def count() -> int:
        return int(await database.Order.objects.acount())

    @app.get("/open")
    async def is_open() -> bool:
        return await sync_to_async(lambda: connection.connection is not None)()

    @app.get("/close")
    async def close() -> None:
        await sync_to_async(lambda: connection.close())()

    with TestClient(app) as client:
        assert client.get("/").json() == 1
        assert client.get("/open").json() is True
        client.get("/close")


def test_in_async_def_only_sync_to_async_reaches_the_connection_to_close(
    database: ModuleType,
) -> None:
    app = FastAPI()
    close = database.close_old_connections

    @app.get("/plain-call")
    async def plain_call() -> bool:
        await database.Order.objects.acount()
        close()
        return bool(await sync_to_async(lambda: connection.connection is None)())

    @app.get("/in-the-thread")
    async def in_the_thread() -> bool:
        await database.Order.objects.acount()
        await sync_to_async(close)()
        return bool(await sync_to_async(lambda: connection.connection is None)())

    with TestClient(app) as client:
        assert client.get("/plain-call").json() is False
        assert client.get("/in-the-thread").json() is True


def test_the_query_methods_with_an_a_and_sync_to_async_work_in_async_def(
    database: ModuleType,
) -> None:
    app = FastAPI()

    @app.get("/a")
    async def with_a_method() -> str:
        order = await database.Order.objects.aget(item="tea")
        await order.asave()
        return str(order.item)

    @app.get("/sync-to-async")
    async def in_a_thread() -> int:
        return await sync_to_async(database.Order.objects.count)()

    @app.get("/close")
    async def close() -> None:
        await sync_to_async(lambda: connection.close())()

    with TestClient(app) as client:
        assert client.get("/a").json() == "tea"
        assert client.get("/sync-to-async").json() == 1
        client.get("/close")
