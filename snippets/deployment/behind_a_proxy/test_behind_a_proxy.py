import asyncio
import http.client
import inspect
import re
import shlex
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from importlib import reload
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, WebSocket
from fastapi.exceptions import FastAPIDeprecationWarning
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse
from fastapi.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.utils import get_remote_addr

from snippets.deployment.behind_a_proxy import (
    seen,
    trusted_host,
    wrong_https_redirect,
)

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
PATIENCE = 30.0
PUBLIC = {"Host": "shop.example.com", "X-Forwarded-Proto": "https"}


@pytest.fixture(autouse=True)
def no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)


@contextmanager
def serving(app: Any, **settings: Any) -> Iterator[int]:
    """Serve ``app`` as Uvicorn does; give the port."""
    config = uvicorn.Config(app, port=0, log_config=None, **settings)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + PATIENCE
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def get(
    port: int, path: str, headers: dict[str, str] = PUBLIC
) -> tuple[http.client.HTTPResponse, str]:
    """Ask as the proxy does."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response, text


def options(script: str) -> dict[str, Any]:
    """Return what Uvicorn makes of the command of a start script."""
    text = (HERE / script).read_text().replace("\\\n", "")
    words = shlex.split(text, comments=True)
    found = uvicorn.main.make_context("uvicorn", words[2:])
    return dict(found.params)


def client_seen(trusted: str, forwarded: str, peer: str = "10.0.1.7") -> str:
    """Return the client that the application sees behind the proxy ``peer``."""
    asgi: Any = seen.app
    proxied: Any = ProxyHeadersMiddleware(asgi, trusted_hosts=trusted)
    client = TestClient(proxied, client=(peer, 50000))
    found: str = client.get("/items/", headers={"X-Forwarded-For": forwarded}).json()[
        "client"
    ]
    return found


def answers(trusted: str) -> tuple[httpx2.Response, httpx2.Response]:
    """Ask with and without the last slash, through a proxy at ``10.0.1.7``."""
    asgi: Any = seen.app
    proxied: Any = ProxyHeadersMiddleware(asgi, trusted_hosts=trusted)
    client = TestClient(proxied, client=("10.0.1.7", 50000), follow_redirects=False)
    headers = PUBLIC | {"X-Forwarded-For": "203.0.113.9"}
    first = client.get("/items", headers=headers)
    return first, client.get("/items/", headers=headers)


# --- Scheme and address


def test_an_untrusted_proxy_gives_http_links_redirects_and_its_own_address(
    recorded: Any,
) -> None:
    redirect, body = answers("127.0.0.1,::1")
    recorded(
        "untrusted.http",
        f"GET /items\n\nHTTP/1.1 {redirect.status_code} {redirect.reason_phrase}\n"
        f"location: {redirect.headers['location']}\n\nGET /items/\n\n{body.text}",
    )


def test_a_trusted_proxy_gives_https_and_the_address_of_the_client(
    recorded: Any,
) -> None:
    redirect, body = answers(options("start.sh")["forwarded_allow_ips"])
    recorded(
        "trusted.http",
        f"GET /items\n\nHTTP/1.1 {redirect.status_code} {redirect.reason_phrase}\n"
        f"location: {redirect.headers['location']}\n\nGET /items/\n\n{body.text}",
    )


def test_by_default_proxy_headers_are_read_from_this_machine_only(
    older: Callable[[str, str], bool],
) -> None:
    config = uvicorn.Config(FastAPI())
    assert config.proxy_headers is True
    newer = "" if older("uvicorn", "0.53.0") else ",::1"
    assert config.forwarded_allow_ips == f"127.0.0.1{newer}"


def test_the_variable_forwarded_allow_ips_sets_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.0.1.0/24")
    assert uvicorn.Config(FastAPI()).forwarded_allow_ips == "10.0.1.0/24"


def test_a_star_believes_the_first_address_which_the_client_may_have_written() -> None:
    sent_by_client, added_by_proxy = "6.6.6.6", "203.0.113.9"
    forwarded = f"{sent_by_client}, {added_by_proxy}"
    star = options("wrong_start.sh")["forwarded_allow_ips"]
    network = options("start.sh")["forwarded_allow_ips"]
    assert client_seen(star, forwarded) == "6.6.6.6"
    assert client_seen(network, forwarded) == "203.0.113.9"


def test_with_a_star_anybody_who_reaches_the_port_chooses_his_address() -> None:
    star = options("wrong_start.sh")["forwarded_allow_ips"]
    network = options("start.sh")["forwarded_allow_ips"]
    stranger = "198.51.100.66"
    assert client_seen(star, "127.0.0.1", peer=stranger) == "127.0.0.1"
    assert client_seen(network, "127.0.0.1", peer=stranger) == stranger


def test_a_client_inside_the_trusted_network_can_claim_any_address() -> None:
    forwarded = "6.6.6.6, 10.0.1.33"  # written by the client, added by the proxy
    assert client_seen("10.0.1.0/24", forwarded) == "6.6.6.6"
    assert client_seen("10.0.1.7", forwarded) == "10.0.1.33"


def test_two_proxies_in_a_row_must_both_be_trusted() -> None:
    forwarded = "203.0.113.9, 10.9.0.3"  # client, outer proxy
    assert client_seen("10.0.1.0/24", forwarded) == "10.9.0.3"
    assert client_seen("10.0.1.0/24,10.9.0.0/24", forwarded) == "203.0.113.9"


def test_the_gateway_of_a_container_network_is_not_trusted_by_default(
    older: Callable[[str, str], bool],
) -> None:
    default = str(uvicorn.Config(FastAPI()).forwarded_allow_ips)
    gateway = "172.18.0.1"
    assert client_seen(default, "203.0.113.9", peer=gateway) == gateway
    assert client_seen(gateway, "203.0.113.9", peer=gateway) == "203.0.113.9"


@pytest.mark.parametrize("trusted", ["nginx", "10.0.1.7/24", "10.0.1.300"])
def test_a_name_or_a_network_with_host_bits_is_accepted_and_trusts_nobody(
    trusted: str,
) -> None:
    assert client_seen(trusted, "203.0.113.9", peer="10.0.1.7") == "10.0.1.7"
    name = options("wrong_proxy_name.sh")["forwarded_allow_ips"]
    assert client_seen(name, "203.0.113.9", peer="10.0.1.7") == "10.0.1.7"


@pytest.mark.parametrize(
    ("sent", "used"),
    [("https", "https"), ("wss", "https"), ("https, http", "http"), ("HTTPS", "http")],
)
def test_the_scheme_is_one_word_in_lower_case_and_a_list_is_ignored(
    sent: str, used: str
) -> None:
    asgi: Any = seen.app
    proxied: Any = ProxyHeadersMiddleware(asgi, "*")
    client = TestClient(proxied, base_url="http://shop")
    link = client.get("/items/", headers={"X-Forwarded-Proto": sent}).json()["link"]
    assert link == f"{used}://shop/items/"


def test_fastapi_run_has_the_options_of_the_proxy_and_of_the_prefix() -> None:
    from fastapi_cli.cli import run

    names = inspect.signature(run).parameters
    assert {"proxy_headers", "forwarded_allow_ips", "root_path"} <= set(names)
    assert names["proxy_headers"].default is True
    assert names["forwarded_allow_ips"].default is None  # Uvicorn asks the variable


@pytest.mark.parametrize("trusted", ["127.0.0.1", "10.0.1.0/24"])
def test_the_access_log_shows_the_client_only_when_the_proxy_is_trusted(
    trusted: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "uvicorn.access")
    headers = PUBLIC | {"X-Forwarded-For": "203.0.113.9:4711"}
    with serving(seen.app, forwarded_allow_ips=trusted) as port:
        get(port, "/items/", headers)
    line = next(message for message in caplog.messages if "GET /items/" in message)
    shown = "203.0.113.9" if trusted == "127.0.0.1" else "127.0.0.1"
    assert line.startswith(f"{shown}:")


def test_over_a_unix_socket_only_a_star_is_trusted() -> None:
    class Transport(asyncio.Transport):
        def get_extra_info(self, name: str, default: Any = None) -> Any:
            return {"socket": ours, "peername": ours.getpeername()}.get(name)

    ours, theirs = socket.socketpair()  # Unix sockets
    with ours, theirs:
        assert get_remote_addr(Transport()) is None

    def scheme(trusted: str) -> str:
        scopes: list[dict[str, Any]] = []

        async def asgi(scope: Any, receive: Any, send: Any) -> None:
            scopes.append(scope)

        proxied: Any = ProxyHeadersMiddleware(asgi, trusted_hosts=trusted)
        scope = {"type": "http", "scheme": "http", "client": None}
        headers = [(b"x-forwarded-proto", b"https")]
        asyncio.run(proxied(scope | {"headers": headers}, None, None))
        return str(scopes[0]["scheme"])

    assert scheme("127.0.0.1,::1") == scheme("0.0.0.0/0,::/0") == "http"
    assert scheme("*") == "https"


def test_x_forwarded_host_port_and_prefix_are_not_read() -> None:
    headers = PUBLIC | {
        "X-Forwarded-Host": "other.example.com",
        "X-Forwarded-Port": "8443",
        "X-Forwarded-Prefix": "/api",
        "Forwarded": "for=192.0.2.1;host=other.example.com;proto=http",
    }
    with serving(seen.app) as port:
        _, body = get(port, "/items/", headers)
    assert '"link":"https://shop.example.com/items/"' in body


def test_the_host_header_decides_about_links_and_redirects() -> None:
    with serving(seen.app) as port:
        response, _ = get(port, "/items", {"Host": "evil.example.com"})
    assert response.getheader("location") == "http://evil.example.com/items/"


def test_trusted_host_refuses_a_host_that_is_not_listed() -> None:
    client = TestClient(trusted_host.app, base_url="http://shop.example.com")
    assert client.get("/items/").status_code == 200
    refused = client.get("/items/", headers={"Host": "evil.example.com"})
    assert (refused.status_code, refused.text) == (400, "Invalid host header")


def test_https_redirect_sends_the_client_in_a_circle_behind_an_untrusted_proxy() -> (
    None
):
    with serving(wrong_https_redirect.app, forwarded_allow_ips="10.0.1.0/24") as port:
        response, _ = get(port, "/items/")
    assert response.status == 307
    assert response.getheader("location") == "https://shop.example.com/items/"
    with serving(wrong_https_redirect.app) as port:
        response, _ = get(port, "/items/")
    assert response.status == 200


# --- A prefix that the proxy removes


def test_without_root_path_the_docs_ask_for_openapi_json_outside_the_prefix() -> None:
    with serving(seen.app) as port:
        _, page = get(port, "/docs")
        redirect, _ = get(port, "/items")
    assert "url: '/openapi.json'" in page
    assert redirect.getheader("location") == "https://shop.example.com/items/"


def test_with_root_path_docs_links_and_redirects_have_the_prefix() -> None:
    with serving(seen.app, root_path=options("prefix.sh")["root_path"]) as port:
        _, page = get(port, "/docs")
        _, schema = get(port, "/openapi.json")
        _, body = get(port, "/items/")
        redirect, _ = get(port, "/items")
    assert "url: '/api/openapi.json'" in page
    assert '"servers":[{"url":"/api"}]' in schema
    assert '"link":"https://shop.example.com/api/items/"' in body
    assert redirect.getheader("location") == "https://shop.example.com/api/items/"


def test_the_command_for_a_prefix_differs_in_nothing_but_the_prefix() -> None:
    assert options("prefix.sh") == options("start.sh") | {"root_path": "/api"}


def test_with_root_path_a_proxy_that_keeps_the_prefix_gets_404() -> None:
    with serving(seen.app, root_path="/api") as port:
        response, _ = get(port, "/api/items/")
    assert response.status == 404


@pytest.mark.since(fastapi="0.146.0")
def test_root_path_in_fastapi_is_deprecated() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from snippets.deployment.behind_a_proxy import wrong_prefix
    with pytest.warns(FastAPIDeprecationWarning, match="root_path"):
        reload(wrong_prefix)


# --- Connections and streams


def test_uvicorn_closes_idle_connections_after_five_seconds_by_default() -> None:
    assert uvicorn.Config(FastAPI()).timeout_keep_alive == 5
    assert options("start.sh")["timeout_keep_alive"] == 95  # Traefik keeps 90
    assert options("start.sh")["host"] == "0.0.0.0"


def test_only_a_connection_that_had_a_response_is_closed_when_it_is_idle() -> None:
    def ask(connection: socket.socket) -> bytes:
        connection.sendall(b"GET /items/ HTTP/1.1\r\nHost: test\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(4096), b""))

    with (
        serving(seen.app, timeout_keep_alive=0) as port,
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as fresh,
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as used,
    ):
        for connection in (used, fresh):  # each is read until Uvicorn closes it
            assert ask(connection).startswith(b"HTTP/1.1 200 OK")


def test_server_sent_events_tell_nginx_not_to_buffer() -> None:
    app = FastAPI()

    @app.get("/ticks", response_class=EventSourceResponse)
    async def ticks() -> AsyncIterator[int]:
        yield 1
        await asyncio.sleep(0)

    response = TestClient(app).get("/ticks")
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["cache-control"] == "no-cache"


def test_a_stream_of_your_own_does_not_tell_nginx() -> None:
    app = FastAPI()

    @app.get("/")
    async def stream() -> StreamingResponse:
        return StreamingResponse(iter([b"piece"]))

    assert "x-accel-buffering" not in TestClient(app).get("/").headers


def test_uvicorn_pings_a_quiet_websocket_every_20_seconds_by_default() -> None:
    interval = uvicorn.Config(FastAPI()).ws_ping_interval
    assert interval == 20.0
    assert interval < 60  # the default of proxy_read_timeout


def test_the_ping_reaches_a_client_that_sends_and_receives_nothing() -> None:
    app = FastAPI()

    @app.websocket("/")
    async def quiet(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()

    with (
        serving(app, ws_ping_interval=0.05) as port,
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client,
    ):
        client.sendall(
            b"GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        received = b""
        while b"\r\n\r\n" not in received or received.endswith(b"\r\n\r\n"):
            received += client.recv(4096)
        frame = received.split(b"\r\n\r\n", 1)[1]
        client.sendall(b"\x88\x80\0\0\0\0")  # close
    assert frame[0] == 0x89  # a whole frame, opcode 9: ping


def test_the_location_of_nginx_sets_each_header_that_the_page_names() -> None:
    text = (HERE / "nginx.conf").read_text()
    location = text.split("location / {")[1].split("}")[0]
    headers = re.findall(r"proxy_set_header (\S+)", location)
    assert headers == [
        *("Host", "X-Forwarded-Proto", "X-Forwarded-For", "Upgrade", "Connection")
    ]
    assert text.count("proxy_set_header") == len(headers)


def test_the_address_of_the_client_of_a_websocket_comes_from_the_header_too() -> None:
    app = FastAPI()

    @app.websocket("/ws")
    async def ws(websocket: Any) -> None: ...

    scopes: list[dict[str, Any]] = []

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    proxied: Any = ProxyHeadersMiddleware(asgi, trusted_hosts="10.0.1.7")
    headers = [(b"x-forwarded-proto", b"https"), (b"x-forwarded-for", b"203.0.113.9")]
    scope = {"type": "websocket", "scheme": "ws", "client": ("10.0.1.7", 1)}
    asyncio.run(proxied(scope | {"headers": headers}, None, None))
    assert scopes[0]["scheme"] == "wss"
    assert scopes[0]["client"][0] == "203.0.113.9"


# --- The scripts


@pytest.mark.parametrize(
    "script", ["start.sh", "wrong_start.sh", "wrong_proxy_name.sh", "prefix.sh"]
)
def test_shellcheck_has_no_objection(script: str) -> None:
    result = subprocess.run(
        [BIN / "shellcheck", HERE / script], capture_output=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, b"")
