import asyncio
import base64
import contextlib
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from asyncio import Queue
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anyio import from_thread
from fastapi import BackgroundTasks, FastAPI, WebSocket
from fastapi.concurrency import run_in_threadpool
from fastapi.testclient import TestClient
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from starlette.websockets import WebSocketDisconnect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from snippets.websockets.message_from_a_route import (
    changes,
    from_a_thread,
    other_process,
    over_redis,
    wrong_publish_in_def,
    wrong_send_in_route,
)

PACKAGE = "snippets.websockets.message_from_a_route"
PATIENCE = 30.0
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def new_orders() -> Iterator[None]:
    yield
    changes.orders.clear()
    changes.orders[7] = "new"
    over_redis.orders.clear()
    over_redis.orders[7] = "new"


def open_socket(url: str, order_id: int = 7) -> ClientConnection:
    address = f"ws{url.removeprefix('http')}/orders/{order_id}/changes"
    return connect(address, open_timeout=PATIENCE)


def received(client: ClientConnection) -> str:
    text = client.recv(timeout=PATIENCE)
    assert isinstance(text, str)
    return text


def put(url: str, status: str) -> httpx2.Response:
    return httpx2.put(f"{url}/orders/7", json={"status": status}, timeout=PATIENCE)


# One process


def test_a_route_reaches_the_clients_of_its_order(serve: Any, recorded: Any) -> None:
    lines = []
    with serve(changes.app) as (url, _), open_socket(url) as one:
        lines.append(f"client  {received(one)}")
        with open_socket(url) as two:
            assert received(two) == "new"
            response = put(url, "paid")
            body = json.dumps({"status": "paid"})
            lines.append(f"PUT     /orders/7 {body}")
            lines.append(f"        {response.status_code} {response.text}")
            lines.append(f"client  {received(one)}")
            assert received(two) == "paid"
    recorded("exchange.txt", "\n".join(lines))


def test_unknown_orders_are_refused_on_both_sides() -> None:
    with TestClient(changes.app) as client:
        assert client.put("/orders/8", json={"status": "paid"}).status_code == 404
        with (
            pytest.raises(WebSocketDisconnect) as refused,
            client.websocket_connect("/orders/8/changes"),
        ):
            pass
    assert refused.value.code == 1008
    assert changes.app.state.hub.queues == {}


def test_a_client_that_left_is_forgotten(serve: Any) -> None:
    hub = changes.app.state.hub
    forgotten = threading.Event()
    original = changes.Hub.subscribe

    @contextlib.contextmanager
    def watched(self: Any, order_id: int) -> Iterator[Queue[str]]:
        with original(self, order_id) as queue:
            yield queue
        forgotten.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes.Hub, "subscribe", watched)
        with serve(changes.app) as (url, _):
            with open_socket(url) as client:
                assert received(client) == "new"
            assert forgotten.wait(PATIENCE)
            assert hub.queues == {}
            assert put(url, "paid").json() == {"told": 0}


@pytest.mark.parametrize("module", [changes, over_redis])
def test_a_socket_that_uvicorn_closes_while_a_message_is_sent_is_no_error(
    serve: Any, caplog: pytest.LogCaptureFixture, module: Any, redis_url: str
) -> None:
    assert redis_url
    with serve(module.app) as (url, server), open_socket(url) as client:
        assert received(client) == "new"
        (protocol,) = server.server_state.connections
        # What ends a connection after a ping timeout: Uvicorn's own part, or, before, that of websockets.
        own = hasattr(protocol, "keepalive_timeout")
        close = (
            protocol.keepalive_timeout
            if own
            else partial(protocol.fail_connection, 1011)
        )

        def send_and_close() -> None:
            module.app.state.hub.publish(7, "paid")
            close()  # the sender has not run yet

        protocol.loop.call_soon_threadsafe(send_and_close)
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=PATIENCE)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1011
    assert module.app.state.hub.queues == {}
    assert "Exception in ASGI application" not in caplog.text


def test_one_test_client_sends_the_put_and_reads_the_message() -> None:
    with (
        TestClient(changes.app) as client,
        client.websocket_connect("/orders/7/changes") as websocket,
    ):
        assert websocket.receive_text() == "new"
        assert client.put("/orders/7", json={"status": "paid"}).is_success
        assert websocket.receive_text() == "paid"


def test_a_binary_message_of_a_client_is_ignored() -> None:
    with (
        TestClient(changes.app) as client,
        client.websocket_connect("/orders/7/changes") as websocket,
    ):
        assert websocket.receive_text() == "new"
        websocket.send_bytes(b"\x00")
        assert client.put("/orders/7", json={"status": "paid"}).is_success
        assert websocket.receive_text() == "paid"


def test_a_full_queue_loses_its_oldest_message_and_publish_never_waits() -> None:
    hub = changes.Hub()
    with hub.subscribe(7) as queue, hub.subscribe(7) as other:
        for number in range(102):
            assert hub.publish(7, str(number)) == 2
            other.get_nowait()
        assert (queue.qsize(), queue.get_nowait()) == (100, "2")
        assert hub.publish(8, "x") == 0
    assert hub.queues == {}


def test_a_client_that_does_not_read_is_let_go(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = []

    def at_once(seconds: float) -> asyncio.Timeout:
        limits.append(seconds)
        return asyncio.timeout(0)

    async def wait_for_ever(self: WebSocket, text: str) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(changes, "timeout", at_once)
    monkeypatch.setattr(WebSocket, "send_text", wait_for_ever)
    with serve(changes.app) as (url, _), open_socket(url) as client:
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=PATIENCE)
        assert put(url, "paid").json() == {"told": 0}
    assert limits == [10]


@pytest.mark.since(uvicorn="0.52.1")
def test_a_real_client_that_does_not_read_is_forgotten_and_its_connection_stays(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten = threading.Event()
    original = changes.Hub.subscribe

    @contextlib.contextmanager
    def watched(self: Any, order_id: int) -> Iterator[Queue[str]]:
        with original(self, order_id) as queue:
            yield queue
        forgotten.set()

    monkeypatch.setattr(changes.Hub, "subscribe", watched)
    monkeypatch.setattr(changes, "timeout", lambda seconds: asyncio.timeout(0.2))
    large: Any = "x" * 50_000_000  # more than the buffers of a connection hold
    changes.orders[7] = large
    with serve(changes.app) as (url, server):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as client:
            key = base64.b64encode(secrets.token_bytes(16)).decode()
            client.sendall(
                "GET /orders/7/changes HTTP/1.1\r\nHost: localhost\r\n"
                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            assert client.recv(12) == b"HTTP/1.1 101"
            assert put(url, "paid").json() == {"told": 1}
            assert forgotten.wait(PATIENCE)
            assert put(url, "sent").json() == {"told": 0}
            kinds = {
                type(each).__name__ for each in list(server.server_state.connections)
            }
            assert any("WebSocket" in kind for kind in kinds)


def test_text_that_no_socket_can_send_changes_nothing() -> None:
    with TestClient(changes.app, raise_server_exceptions=False) as client:
        headers = {"content-type": "application/json"}
        body = b'{"status": "\\ud800"}'
        response = client.put("/orders/7", content=body, headers=headers)
    assert (response.is_error, changes.orders[7]) == (True, "new")


def test_a_def_background_task_reaches_the_loop_too() -> None:
    app = FastAPI()
    hub = changes.Hub()

    def tell() -> None:
        told.append(from_thread.run_sync(hub.publish, 7, "ready"))

    told: list[int] = []

    @app.get("/")
    async def route(tasks: BackgroundTasks) -> None:
        tasks.add_task(tell)

    with hub.subscribe(7) as queue:
        TestClient(app).get("/")
        assert (told, queue.get_nowait()) == ([1], "ready")


def test_a_def_route_hands_the_message_to_the_loop(serve: Any) -> None:
    assert callable(from_a_thread.ready)
    with serve(changes.app) as (url, _), open_socket(url) as client:
        assert received(client) == "new"
        answer = httpx2.post(f"{url}/orders/7/ready", timeout=PATIENCE)
        assert answer.json() == {"told": 1}
        assert received(client) == "ready"


def test_a_thread_of_its_own_uses_call_soon_threadsafe() -> None:
    async def run() -> str:
        hub = changes.Hub()
        loop = asyncio.get_running_loop()
        with hub.subscribe(7) as queue:
            arguments = (hub.publish, 7, "ready")
            thread = threading.Thread(target=loop.call_soon_threadsafe, args=arguments)
            thread.start()
            async with asyncio.timeout(PATIENCE):
                text = await queue.get()
            thread.join()
            return text

    assert asyncio.run(run()) == "ready"


def test_from_thread_fails_in_a_thread_of_its_own() -> None:
    hub = changes.Hub()

    def run() -> int:
        return from_thread.run_sync(hub.publish, 7, "ready")

    with ThreadPoolExecutor() as pool, pytest.raises(RuntimeError):
        pool.submit(run).result(PATIENCE)


def threads_that_touch_the_loop(route: Any) -> set[int]:
    """Wait for a message that a `def` route publishes; return who scheduled it."""
    threads = set()

    async def run() -> str:
        loop = asyncio.get_running_loop()
        call_soon = loop.call_soon

        def watched(*arguments: Any, **options: Any) -> Any:
            threads.add(threading.get_ident())
            return call_soon(*arguments, **options)

        hub = changes.Hub()
        with hub.subscribe(7) as queue:
            waiting = asyncio.create_task(queue.get())
            await asyncio.sleep(0)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(loop, "call_soon", watched)
                await run_in_threadpool(route, 7, hub)
            return await waiting

    assert asyncio.run(run()) == "ready"
    return threads


def test_publishing_in_def_touches_the_loop_from_another_thread() -> None:
    here = {threading.get_ident()}
    assert threads_that_touch_the_loop(from_a_thread.ready) <= here
    assert not threads_that_touch_the_loop(wrong_publish_in_def.ready) <= here


def test_asyncio_refuses_that_in_debug_mode() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_debug(True)
        await asyncio.to_thread(loop.call_soon, print)

    with pytest.raises(RuntimeError, match="Non-thread-safe operation"):
        asyncio.run(run())


def test_one_client_that_left_fails_the_route_for_all(serve: Any) -> None:
    wrong_send_in_route.sockets.clear()

    class Next:
        async def send_text(self, text: str) -> None:
            reached.append(text)

    reached: list[str] = []
    with serve(wrong_send_in_route.app) as (url, _):
        address = f"ws{url.removeprefix('http')}/changes"
        with connect(address, open_timeout=PATIENCE):
            pass
        wrong_send_in_route.sockets.append(Next())  # type: ignore[arg-type]
        response = httpx2.put(f"{url}/orders/7?status=paid", timeout=PATIENCE)
    assert (response.status_code, reached) == (500, [])


# Several processes


@contextlib.contextmanager
def started(module: str) -> Iterator[str]:
    """Start Uvicorn as a process of its own on a free port."""
    command = [sys.executable, "-m", "uvicorn", f"{PACKAGE}.{module}:app"]
    process = subprocess.Popen(
        [*command, "--port", "0", "--timeout-graceful-shutdown", "5"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    try:
        for line in process.stderr:
            if found := re.search(r"running on (http://\S+)", line):
                break
        else:
            raise AssertionError("it did not start")
        yield found[1]
    finally:
        process.terminate()
        try:
            process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()


def test_without_a_broker_the_clients_of_another_process_hear_nothing() -> None:
    with started("changes") as one, started("changes") as two, open_socket(one) as ws:
        assert received(ws) == "new"
        assert put(two, "paid").json() == {"told": 0}
        assert put(one, "paid").json() == {"told": 1}


def test_over_redis_a_route_reaches_the_clients_of_all_processes(
    redis_url: str,
) -> None:
    assert redis_url
    with (
        started("over_redis") as one,
        started("over_redis") as two,
        open_socket(one) as here,
        open_socket(two) as there,
    ):
        assert received(here) == received(there) == "new"
        assert put(two, "paid").status_code == 200
        assert received(here) == received(there) == "paid"
        other_process.tell(7, "sent")
        assert received(here) == received(there) == "sent"


def test_after_a_lost_connection_and_foreign_messages_the_listener_goes_on(
    redis_url: str,
) -> None:
    with (
        Redis.from_url(redis_url) as redis,
        started("over_redis") as url,
        open_socket(url) as client,
    ):
        assert received(client) == "new"
        [address] = [entry["addr"] for entry in redis.client_list(_type="pubsub")]
        redis.client_kill(address)
        while not redis.publish("orders:8", "nobody watches"):
            time.sleep(0.01)
        redis.publish("orders:no-number", "not ours")
        redis.publish("orders:7", b"\xff")
        redis.publish("orders:7", "back")
        assert received(client) == "back"


def test_after_the_pool_lost_its_connections_the_next_change_is_told(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        Redis.from_url(redis_url) as redis,
        TestClient(over_redis.app) as client,
        client.websocket_connect("/orders/7/changes") as websocket,
    ):
        assert websocket.receive_text() == "new"
        client.put("/orders/7", json={"status": "paid"})
        assert websocket.receive_text() == "paid"
        redis.client_kill_filter(_type="normal", skipme=True)
        client.put("/orders/7", json={"status": "sent"})
        assert "nobody was told" not in caplog.text
        assert websocket.receive_text() == "sent"


def test_without_redis_the_change_holds_and_nobody_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nowhere = AsyncRedis.from_url("redis://127.0.0.1:1/0")
    over_redis.app.dependency_overrides[over_redis.get_redis] = lambda: nowhere
    client = TestClient(over_redis.app)
    try:
        response = client.put("/orders/7", json={"status": "paid"})
        unknown = client.put("/orders/8", json={"status": "paid"})
    finally:
        over_redis.app.dependency_overrides.clear()
    assert (response.status_code, over_redis.orders[7]) == (200, "paid")
    assert "nobody was told of order 7" in caplog.text
    assert unknown.status_code == 404


def test_a_redis_that_does_not_answer_is_asked_twice_within_its_timeouts() -> None:
    asked = []

    def accept(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            asked.append(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, args=(listening,))
        thread.start()
        url = f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        retry = Retry(NoBackoff(), 1)
        silent = AsyncRedis.from_url(url, retry=retry, socket_timeout=0.1)
        over_redis.app.dependency_overrides[over_redis.get_redis] = lambda: silent
        try:
            answer = TestClient(over_redis.app).put(
                "/orders/7", json={"status": "paid"}
            )
        finally:
            over_redis.app.dependency_overrides.clear()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)
        for connection in asked:
            connection.close()
    assert (answer.status_code, len(asked)) == (200, 2)


def test_many_changes_at_once_are_all_told(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with over_redis.lifespan(over_redis.app):
            await change_120_times(over_redis.app.state.redis)
        assert caplog.text == ""
        async with AsyncRedis.from_url(redis_url) as default:
            await change_120_times(default)
        assert "Too many connections" in caplog.text

    async def change_120_times(redis: AsyncRedis) -> None:
        calls = [over_redis.change(7, "paid", redis) for _ in range(120)]
        await asyncio.gather(*calls)

    asyncio.run(run())


def test_a_burst_costs_a_client_that_reads_no_message(redis_url: str) -> None:
    with (
        Redis.from_url(redis_url) as redis,
        started("over_redis") as url,
        open_socket(url) as client,
    ):
        assert received(client) == "new"
        burst = redis.pipeline(transaction=False)
        for number in range(300):
            burst.publish("orders:7", number)
        burst.execute()
        for number in range(300):
            assert received(client) == str(number)


def test_a_worker_that_starts_without_redis_listens_when_it_is_back(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert redis_url
    subscribe = PubSub.psubscribe
    tried: list[bool] = []

    async def subscribe_later(self: PubSub, *patterns: Any) -> None:
        tried.append(len(tried) > 1)
        if not tried[-1]:  # at the start, and once more in the listener
            raise RedisConnectionError
        await subscribe(self, *patterns)

    monkeypatch.setattr(PubSub, "psubscribe", subscribe_later)
    with (
        Redis.from_url(redis_url) as redis,
        TestClient(over_redis.app) as client,
        client.websocket_connect("/orders/7/changes") as websocket,
    ):
        assert websocket.receive_text() == "new"
        while not redis.publish("orders:7", "back"):
            time.sleep(0.01)
        assert websocket.receive_text() == "back"
    assert tried == [False, False, True]
    assert "no messages from Redis" in caplog.text


def test_a_listener_that_redis_refuses_listens_when_it_is_permitted(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    password = secrets.token_hex()
    address = redis_url.replace("//", f"//worker:{password}@")
    monkeypatch.setenv("REDIS_URL", address)
    rights: dict[str, Any] = {"passwords": [f"+{password}"], "categories": ["+@all"]}

    def wait_for(condition: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.01)

    with Redis.from_url(redis_url) as redis:
        redis.acl_setuser("worker", enabled=True, reset_channels=True, **rights)
        try:
            with (
                TestClient(over_redis.app) as client,
                client.websocket_connect("/orders/7/changes") as websocket,
            ):
                assert websocket.receive_text() == "new"
                wait_for(lambda: "no messages from Redis" in caplog.text)
                redis.acl_setuser("worker", enabled=True, channels=["*"], **rights)
                wait_for(lambda: redis.publish("orders:7", "back"))
                assert websocket.receive_text() == "back"
        finally:
            redis.acl_deluser("worker")
    assert "NoPermissionError" in caplog.text


def test_a_redis_whose_host_is_gone_holds_the_start_and_a_change_for_a_few_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never_connects(*arguments: Any, **options: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio, "open_connection", never_connects)
    monkeypatch.setenv("REDIS_URL", "redis://localhost:6379")
    started = time.monotonic()
    with TestClient(over_redis.app) as client:
        assert time.monotonic() - started < 5
        started = time.monotonic()
        body = {"status": "paid"}
        assert client.put("/orders/7", json=body).status_code == 200
        assert time.monotonic() - started < 5


def test_without_redis_a_worker_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    with TestClient(over_redis.app) as client:
        changed = client.put("/orders/7", json={"status": "paid"})
        assert changed.status_code == 200
