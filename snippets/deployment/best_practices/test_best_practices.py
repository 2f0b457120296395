import asyncio
import inspect
import io
import json
import logging
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient, Client, MockTransport, Request, Response
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import (
    InMemoryLogRecordExporter,
    SimpleLogRecordProcessor,
)
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import ValidationError

from snippets.deployment.best_practices import (
    request_ids,
    shop,
    telemetry,
    wrong_global_id,
)

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Send the log of the shop to a stream, formatted as the page shows."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request_ids.Json())

    def at_noon(record: logging.LogRecord) -> bool:
        record.created = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()
        return True

    handler.addFilter(at_noon)
    log = logging.getLogger("shop")
    log.addHandler(handler)
    level, log.level = log.level, logging.INFO
    yield stream
    log.removeHandler(handler)
    log.setLevel(level)


# --- The program


@asynccontextmanager
async def empty_lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield


def prices(client: TestClient, answer: Any) -> None:
    """Let ``answer`` stand for the service that knows the prices."""
    transport = MockTransport(lambda request: answer)
    other = AsyncClient(transport=transport, base_url="http://prices")
    shop.app.dependency_overrides[shop.get_client] = lambda: other


def test_the_program_asks_for_the_price_and_says_502_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch, recorded: Any
) -> None:
    monkeypatch.setenv("PRICES_URL", "http://127.0.0.1:9")
    body = {"item": "tea", "count": 2}
    shown = []
    with TestClient(shop.app) as client:

        def ask(json: Any) -> int:
            response = client.post("/quotes", json=json)
            shown.append(f"POST /quotes {response.request.content.decode()}")
            shown.append(f"  {response.status_code} {response.text[:60]}")
            return response.status_code

        try:
            prices(client, Response(200, json={"cents": 250}))
            assert ask(body) == 200
            prices(client, Response(503))
            assert ask(body) == 502
            recorded("exchange.txt", "\n".join(shown))
            prices(client, Response(200, content=b"<html>"))
            assert ask(body) == 502
            prices(client, Response(200, json={"cents": -5}))
            assert ask(body) == 502
            assert ask({"item": "", "count": 2}) == 422
            assert ask({"item": "x" * 200_000, "count": 2}) == 413
        finally:
            shop.app.dependency_overrides.clear()
        assert ask(body) == 502  # nobody listens on that port


@pytest.mark.parametrize(
    "body",
    [
        b'{"item":"tea","count":NaN}',
        b'{"item":"tea","count":1e999}',
        b'{"item":"\\ud800","count":1}',
        b"[NaN]",
    ],
)
def test_what_cannot_be_written_as_json_is_a_422_and_no_500(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setenv("PRICES_URL", "http://127.0.0.1:9")
    with TestClient(shop.app) as client:
        header = {"Content-Type": "application/json"}
        answer = client.post("/quotes", content=body, headers=header)
    assert answer.status_code == 422
    assert "input" not in answer.text


def test_a_partner_that_never_ends_is_a_502_and_a_line_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PRICES_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(shop, "WHOLE_CALL", 0.01)

    async def drips(request: Request) -> Response:
        await asyncio.Event().wait()  # no single wait that HTTPX would limit
        return Response(200)

    other = AsyncClient(transport=MockTransport(drips), base_url="http://prices")
    shop.app.dependency_overrides[shop.get_client] = lambda: other
    try:
        with TestClient(shop.app) as client:
            response = client.post("/quotes", json={"item": "tea", "count": 2})
    finally:
        shop.app.dependency_overrides.clear()
    assert response.status_code == 502
    assert "no price: TimeoutError" in caplog.messages


def test_a_cookie_of_the_partner_that_is_not_ascii_fails_no_later_quote(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PRICES_URL", "http://127.0.0.1:9")
    cookie = (b"set-cookie", "city=Köln".encode())

    def answer(request: Request) -> Response:
        assert "cookie" not in request.headers
        return Response(200, json={"cents": 250}, headers=[cookie])

    async def main() -> list[int]:
        async with shop.lifespan(shop.app) as state:
            state["client"]._transport = MockTransport(answer)
            order = shop.NewOrder(item="tea", count=2)
            quotes = [await shop.quote(order, state["client"]) for _ in range(2)]
            return [quote.total_cents for quote in quotes]

    assert asyncio.run(main()) == [500, 500]


def test_without_its_setting_the_program_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PRICES_URL", raising=False)
    with pytest.raises(ValidationError, match="prices_url"), TestClient(shop.app):
        pass
    for wrong in ["", "prices:8000", "http//shop:pass-word@prices"]:
        monkeypatch.setenv("PRICES_URL", wrong)
        with (
            pytest.raises(ValidationError, match="prices_url") as caught,
            TestClient(shop.app),
        ):
            pass
        assert "pass-word" not in str(caught.value)


def test_on_event_is_deprecated_and_does_not_run_beside_a_lifespan() -> None:
    started = []
    for app in (FastAPI(), FastAPI(lifespan=empty_lifespan)):
        with pytest.warns(DeprecationWarning, match="on_event is deprecated"):
            on_event = getattr(app, "on_event")("startup")  # noqa: B009 (mypy says so too)
        on_event(lambda: started.append(1))

        with TestClient(app):
            pass
    assert len(started) == 1


# --- Logs


def test_each_line_carries_the_id_of_its_request_also_from_a_thread(
    lines: io.StringIO, monkeypatch: pytest.MonkeyPatch, recorded: Any
) -> None:
    ids = iter(["8c1f", "52ab"])

    class Id:
        def __init__(self) -> None:
            self.hex = next(ids)

    monkeypatch.setattr(request_ids, "uuid4", Id)
    client = TestClient(request_ids.app)
    client.get("/orders/1")
    client.get("/orders/2")
    recorded("log.txt", lines.getvalue())
    assert request_ids.request_id.get() == "-"


def test_a_line_carries_the_trace_id_also_from_a_thread(
    lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = with_exporter(request_ids.app)
    TestClient(request_ids.app).get("/orders/1")
    request_ids.app._native_telemetry.config.pop("tracer_provider")
    [line] = map(json.loads, lines.getvalue().splitlines())
    span = exporter.get_finished_spans()[0].context
    assert span
    assert line["trace_id"] == f"{span.trace_id:032x}"


def test_an_exception_is_one_line_too(lines: io.StringIO) -> None:
    try:
        raise LookupError("gone")
    except LookupError:
        logging.getLogger("shop").exception("order failed")
    line = json.loads(lines.getvalue())
    assert line["event"] == "order failed"
    assert "LookupError: gone" in line["error"]


def test_the_traceback_that_uvicorn_logs_carries_the_id_and_the_lifespan_has_none(
    lines: io.StringIO,
) -> None:
    log = logging.getLogger("shop")
    shared = logging.getLogger("uvicorn.error")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        log.info("lifespan")
        yield

    app = FastAPI(lifespan=lifespan)
    exporter = with_exporter(app)
    app.add_middleware(request_ids.RequestId)

    @app.get("/")
    async def fail() -> None:
        log.info("endpoint")
        raise LookupError("gone")

    async def main() -> None:
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
        serving = asyncio.create_task(server.serve())
        async with asyncio.timeout(30):
            while not server.started:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            port = server.servers[0].sockets[0].getsockname()[1]
            async with AsyncClient(timeout=30) as http:
                for _ in range(2):  # on one connection
                    response = await http.get(f"http://127.0.0.1:{port}/")
                    assert response.status_code == 500
            server.should_exit = True
            await serving

    shared.addHandler(log.handlers[0])
    try:
        asyncio.run(main())
    finally:
        shared.removeHandler(log.handlers[0])
    seen = [json.loads(line) for line in lines.getvalue().splitlines()]
    by_request = [one["request_id"] for one in seen if one["event"] == "endpoint"]
    tracebacks = [one["request_id"] for one in seen if "error" in one]
    assert tracebacks == by_request
    assert exporter.get_finished_spans()
    assert {one["trace_id"] for one in seen if "error" in one} == {"-"}
    assert "-" not in {one["trace_id"] for one in seen if one["event"] == "endpoint"}
    assert len({*by_request, "-"}) == 3
    assert [one["request_id"] for one in seen if one["event"] == "lifespan"] == ["-"]


def test_a_request_can_begin_with_the_id_of_the_one_before_and_sets_its_own() -> None:
    seen: list[tuple[str, str]] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        while message["more_body"]:
            message = await receive()
        seen.append((scope["first"], request_ids.request_id.get()))
        empty = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": empty})
        await send({"type": "http.response.body"})

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        scope["first"] = request_ids.request_id.get()
        await request_ids.RequestId(inner)(scope, receive, send)

    async def main() -> None:
        config = uvicorn.Config(outer, port=0, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        async with asyncio.timeout(30):
            while not server.started:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            port = server.servers[0].sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = b"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n"
            for size in (400_000, 0):  # the first makes Uvicorn stop reading once
                writer.write(head % size + b"x" * size)
                await reader.readuntil(b"\r\n\r\n")
            writer.close()
            server.should_exit = True
            await serving

    asyncio.run(main())
    (first, one), (second, two) = seen
    assert first == "-"
    assert one != two
    if sys.version_info < (3, 13):  # later ones may hold the repair of Python
        assert second == one


@pytest.mark.parametrize("switch", ["--access-log", "--no-access-log"])
def test_started_as_it_stands_the_program_writes_its_lines_as_json(
    tmp_path: Path, switch: str
) -> None:
    log = tmp_path / "log.txt"
    words = ["-m", "uvicorn", f"{request_ids.__name__}:app", "--port", "0", switch]
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, *words],
            cwd=HERE.parents[2],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
    try:
        deadline = time.monotonic() + 30
        while not (found := re.search(r"http://127.0.0.1:(\d+)", log.read_text())):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with Client(base_url=found[0], timeout=30) as http:
            assert http.get("/orders/1").status_code == 200
    finally:
        server.terminate()
        server.wait(30)
    seen = [json.loads(line) for line in log.read_text().splitlines()]
    ids = {one["logger"]: one["request_id"] for one in seen}
    assert ids["shop"] != "-"
    shown = [ids["shop"]] if switch == "--access-log" else []
    assert [ids[name] for name in ids if name == "uvicorn.access"] == shown


def test_the_addresses_that_the_program_calls_are_not_in_its_log() -> None:
    """The test client is HTTPX, too."""
    script = f"""
from fastapi.testclient import TestClient
from {request_ids.__name__} import app
with TestClient(app, "http://shop:pass-word@localhost") as client:
    client.get("/orders/1?key=in-the-query")
"""
    shown = subprocess.run(
        [sys.executable, "-c", script],
        cwd=HERE.parents[2],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "order 1 read" in shown
    assert "pass-word" not in shown
    assert "in-the-query" not in shown


def test_a_global_id_belongs_to_the_request_that_came_last(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO", logger="shop")
    ids = iter(["first", "second"])

    class Id:
        def __init__(self) -> None:
            self.hex = next(ids)

    monkeypatch.setattr(wrong_global_id, "uuid4", Id)

    async def main() -> None:
        waiting, answered = asyncio.Event(), asyncio.Event()

        async def database() -> None:
            if not waiting.is_set():
                waiting.set()
                await answered.wait()

        monkeypatch.setattr(wrong_global_id, "database", database)
        transport = ASGITransport(wrong_global_id.app)
        async with AsyncClient(transport=transport, base_url="http://test") as http:
            one = asyncio.create_task(http.get("/orders/1"))
            await waiting.wait()
            await http.get("/orders/2")
            answered.set()
            await one

    asyncio.run(main())
    assert caplog.messages == ["second order 2 read", "second order 1 read"]


# --- Telemetry


def with_exporter(app: FastAPI = telemetry.app) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app._native_telemetry.config["tracer_provider"] = provider
    return exporter


def test_a_request_is_a_span_with_spans_for_its_steps_and_a_probe_is_none(
    recorded: Any,
) -> None:
    exporter = with_exporter()
    client = TestClient(telemetry.app)
    client.get("/livez")
    client.get("/orders/7?token=secret")
    spans = sorted(exporter.get_finished_spans(), key=lambda span: span.start_time or 0)
    recorded(
        "spans.txt",
        "\n".join(f"{'  ' if span.parent else ''}{span.name}" for span in spans),
    )
    attributes = dict(spans[0].attributes or {})
    assert attributes["http.route"] == "/orders/{number}"
    assert attributes["url.query"] == "token=secret"


def test_a_request_without_a_route_is_a_span_named_after_its_method() -> None:
    exporter = with_exporter()
    assert TestClient(telemetry.app).get("/nothing").status_code == 404
    assert [span.name for span in exporter.get_finished_spans()] == ["GET"]


@pytest.mark.parametrize("root", ["", "/api"])
def test_behind_a_root_path_too_a_probe_is_no_span(root: str) -> None:
    exporter = with_exporter()
    client = TestClient(telemetry.app, root_path=root)
    assert client.get(f"{root}/livez").status_code == 200
    assert exporter.get_finished_spans() == ()
    client.get(f"{root}/orders/7")
    assert exporter.get_finished_spans()


def test_the_duration_is_measured_by_route_and_active_requests_are_not() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    app = FastAPI(telemetry={"meter_provider": provider})

    @app.get("/orders/{number}")
    async def read(number: int) -> int:
        return number

    client = TestClient(app)
    client.get("/orders/7")
    client.get("/orders/8")
    data = reader.get_metrics_data()
    assert data
    measured: dict[str, set[Any]] = {}
    for metric in data.resource_metrics[0].scope_metrics[0].metrics:
        routes = [
            (p.attributes or {}).get("http.route") for p in metric.data.data_points
        ]
        measured[metric.name] = set(routes)
    assert measured == {
        "http.server.request.duration": {"/orders/{number}"},
        "http.server.active_requests": {None},
    }


def test_the_log_of_an_unhandled_exception_shows_the_data_that_did_not_fit() -> None:
    exporter = InMemoryLogRecordExporter()  # type: ignore[no-untyped-call]
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    app = FastAPI(telemetry={"logger_provider": provider})

    @app.get("/", response_model=int)
    async def read() -> Any:
        return {"password": "swordfish"}

    TestClient(app, raise_server_exceptions=False).get("/")
    [one] = exporter.get_finished_logs()
    assert "swordfish" in str(one.log_record.attributes)


def test_the_trace_goes_on_from_the_caller() -> None:
    exporter = with_exporter()
    trace = "0af7651916cd43dd8448eb211c80319c"
    header = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    TestClient(telemetry.app).get("/orders/7", headers=header)
    found = {
        f"{span.context.trace_id:032x}"
        for span in exporter.get_finished_spans()
        if span.context
    }
    assert found == {trace}


def test_nothing_is_sent_anywhere_until_it_is_switched_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("FASTAPI_OTEL_AUTO_CONFIGURE", raising=False)
    app = FastAPI()
    assert app._telemetry["auto_configure"] is False
    assert app._native_telemetry.enabled() is False
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    assert FastAPI()._telemetry["auto_configure"] is True
    assert "exclude" in TelemetryConfig.__annotations__


def test_a_collector_that_does_not_answer_holds_the_stop_for_seconds_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = (HERE / "telemetry.sh").read_text()
    for name, value in re.findall(r"(?m)^export (OTEL\w+)=(\S+)", script):
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/v1/traces"
        exporter = OTLPSpanExporter(endpoint=address)
        begin = time.monotonic()
        assert exporter.export([]) is SpanExportResult.FAILURE
    assert time.monotonic() - begin < 8  # 10 seconds by default


def test_shellcheck_has_no_objection() -> None:
    result = subprocess.run(
        [BIN / "shellcheck", HERE / "telemetry.sh"], capture_output=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, b"")


# --- No switch in FastAPI


def test_fastapi_has_no_parameter_for_a_cache_or_a_rate_limit() -> None:
    names = inspect.signature(FastAPI).parameters
    words = {word for name in names for word in name.split("_")}
    assert not words & {"cache", "caching", "rate", "limiter", "throttle"}
