import asyncio
import contextlib
import importlib.metadata
import inspect
import shutil
import subprocess
import sys
import unittest
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import fastapi.testclient
import httpx
import httpx2
import pytest
import starlette.testclient
from fastapi import (
    Cookie,
    FastAPI,
    Form,
    Request,
    Response,
    UploadFile,
    WebSocket,
)
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from snippets.conftest import outcomes, run_pytest
from snippets.testing.testing import (
    order_tests,
    server_errors_as_responses,
    wrong_expected_500,
)

FOLDER = Path(__file__).parent
app = FastAPI()


@app.get("/share/{total}")
async def share(total: int) -> float:
    return 100 / total


@app.get("/host")
async def host(request: Request) -> str | None:
    return request.client.host if request.client else None


@app.post("/parts")
async def parts(
    request: Request,
    text: Annotated[str, Form()],
    file: UploadFile,
    seen: Annotated[str, Cookie()],
    page: int,
) -> list[str]:
    name = request.headers["x-name"]
    return [text, (await file.read()).decode(), seen, str(page), name]


def report_of_pytest(folder: Path, snippet: str, name: str) -> str:
    """Run the tests of a snippet in a pytest of their own, as a reader does."""
    shutil.copy(FOLDER / snippet, folder / name)
    return run_pytest(folder, "-v", name).stdout


def requirements(extra: str) -> list[str]:
    """Names of the packages that ``fastapi`` requires with ``extra`` ("" for none)."""
    lines = importlib.metadata.requires("fastapi") or []
    wanted = [
        line
        for line in lines
        if ("extra ==" not in line) == (not extra)
        and (not extra or f'extra == "{extra}"' in line.replace("'", '"'))
    ]
    return [line.split(";")[0].split(">")[0].split("[")[0].strip() for line in wanted]


def test_the_test_client_is_that_of_starlette() -> None:
    assert fastapi.testclient.TestClient is starlette.testclient.TestClient


def test_fastapi_requires_neither_pytest_nor_an_http_client() -> None:
    assert not {"pytest", "httpx", "httpx2"} & set(requirements(""))


@pytest.mark.since(fastapi="0.143.4")
def test_fastapi_standard_brings_httpx2_and_no_pytest() -> None:
    assert "httpx2" in requirements("standard")
    assert "pytest" not in requirements("standard")


@pytest.mark.since(starlette="1.2.0")
def test_without_an_http_client_the_import_says_what_to_install() -> None:
    code = "import sys; sys.modules['httpx2'] = sys.modules['httpx'] = None; "
    result = subprocess.run(
        [sys.executable, "-c", code + "import fastapi.testclient"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "requires the httpx2 package to be installed" in result.stderr


@pytest.mark.since(starlette="1.2.0")
def test_with_httpx_alone_the_import_warns() -> None:
    code = "import sys; sys.modules['httpx2'] = None; "
    result = subprocess.run(
        [sys.executable, "-c", code + "import fastapi.testclient"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "StarletteDeprecationWarning: Using `httpx`" in result.stderr


def test_the_tests_of_the_page_pass(tmp_path: Path, recorded: Any) -> None:
    report = report_of_pytest(tmp_path, "order_tests.py", "test_orders.py")
    recorded("passed.txt", "\n".join(outcomes(report)))
    assert "3 passed" in report


def test_the_answer_comes_from_the_application_background_tasks_included() -> None:
    outbox = order_tests.Outbox()
    order_tests.app.dependency_overrides[order_tests.get_mailer] = lambda: outbox
    client = TestClient(order_tests.app)
    order_tests.test_an_order_is_created(client, outbox)
    order_tests.app.dependency_overrides.clear()
    assert outbox.mails == ["ordered: tea"]


def test_without_the_override_the_real_mailer_is_called(
    capsys: pytest.CaptureFixture[str],
) -> None:
    TestClient(order_tests.app).post("/orders", json={"item": "tea"})
    assert capsys.readouterr().out == "ordered: tea\n"


def test_a_handled_error_is_a_response() -> None:
    answer = TestClient(order_tests.app).post("/orders", json={"item": "coffee"})
    assert answer.status_code == 409


def test_the_client_takes_form_files_query_headers_and_cookies() -> None:
    client = TestClient(app, cookies={"seen": "yes"})
    answer = client.post(
        "/parts",
        data={"text": "tea"},
        files={"file": b"content"},
        params={"page": 2},
        headers={"X-Name": "ada"},
    )
    assert answer.json() == ["tea", "content", "yes", "2", "ada"]


def test_cookies_of_one_request_are_deprecated() -> None:
    with pytest.warns(DeprecationWarning, match="per-request cookies"):
        TestClient(app).get("/host", cookies={"seen": "yes"})


def test_unittest_works_as_well() -> None:
    def check_host() -> None:
        assert TestClient(app).get("/host").status_code == 200

    result = unittest.TestResult()
    unittest.FunctionTestCase(check_host).run(result)
    assert (result.testsRun, result.wasSuccessful()) == (1, True)


def test_an_unhandled_exception_is_raised_in_the_test() -> None:
    with pytest.raises(ZeroDivisionError):
        wrong_expected_500.test_share_of_zero()


def test_raise_server_exceptions_false_gives_the_500_of_the_server() -> None:
    server_errors_as_responses.test_share_of_zero()
    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/share/0").text == "Internal Server Error"


def test_the_plugin_of_anyio_runs_the_async_test_of_the_page(tmp_path: Path) -> None:
    report = report_of_pytest(tmp_path, "async_test.py", "test_tables.py")
    assert "1 passed" in report


def test_without_the_mark_pytest_does_not_run_an_async_test(tmp_path: Path) -> None:
    text = (FOLDER / "async_test.py").read_text().replace("@pytest.mark.anyio\n", "")
    (tmp_path / "unmarked.py").write_text(text)
    result = run_pytest(tmp_path, "unmarked.py")
    assert result.returncode != 0
    assert "async def functions are not natively supported" in result.stdout


def test_an_asgi_transport_collects_the_whole_body_first() -> None:
    events: list[str] = []
    application = FastAPI()

    async def body() -> AsyncIterator[bytes]:
        for number in range(3):
            events.append(f"send {number}")
            yield b"part"

    @application.get("/")
    async def read() -> StreamingResponse:
        return StreamingResponse(body())

    async def request() -> None:
        transport = httpx2.ASGITransport(application)
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://test") as client,
            client.stream("GET", "/"),
        ):
            events.append("response")

    asyncio.run(request())
    assert events == ["send 0", "send 1", "send 2", "response"]


def test_an_asgi_transport_does_not_run_the_lifespan() -> None:
    started: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        started.append("startup")
        yield

    application = FastAPI(lifespan=lifespan)

    async def request() -> None:
        transport = httpx2.ASGITransport(application)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://test"
        ) as client:
            await client.get("/")

    asyncio.run(request())
    assert started == []
    TestClient(application).get("/")
    assert started == []
    with TestClient(application):
        assert started == ["startup"]


def test_an_async_client_has_several_requests_under_way_at_once() -> None:
    application = FastAPI()
    both = asyncio.Event()
    waiting: list[int] = []

    @application.get("/{number}")
    async def meet(number: int) -> None:
        waiting.append(number)
        if len(waiting) == 2:
            both.set()
        await asyncio.wait_for(both.wait(), timeout=60)

    async def requests() -> list[int]:
        transport = httpx2.ASGITransport(application)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://test"
        ) as client:
            responses = await asyncio.gather(client.get("/1"), client.get("/2"))
        return [response.status_code for response in responses]

    assert asyncio.run(requests()) == [200, 200]


def test_an_asgi_transport_raises_what_nobody_handles_and_follows_no_redirect() -> None:
    async def request(path: str, raising: bool) -> int:
        transport = httpx2.ASGITransport(app, raise_app_exceptions=raising)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://test"
        ) as client:
            return (await client.get(path)).status_code

    with pytest.raises(ZeroDivisionError):
        asyncio.run(request("/share/0", raising=True))
    assert asyncio.run(request("/share/0", raising=False)) == 500
    assert asyncio.run(request("/host/", raising=True)) == 307


def test_neither_httpx_nor_httpx2_has_a_client_that_takes_an_app() -> None:
    for package in (httpx, httpx2):
        assert "app" not in inspect.signature(package.AsyncClient).parameters


@pytest.mark.since(starlette="1.9.0")
def test_a_stream_is_read_while_the_application_sends_it() -> None:
    application = FastAPI()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"more"
            await asyncio.sleep(0)

    @application.get("/")
    async def read() -> StreamingResponse:
        return StreamingResponse(endless())

    with TestClient(application).stream("GET", "/") as response:
        assert next(response.iter_raw()) == b"more"


def test_the_client_connects_to_websockets() -> None:
    application = FastAPI()

    @application.websocket("/ws")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    with TestClient(application).websocket_connect("/ws") as websocket:
        assert websocket.receive_text() == "hello"


def test_middleware_runs() -> None:
    application = FastAPI()

    @application.middleware("http")
    async def middleware(request: Request, call_next: object) -> Response:
        return Response("middleware")

    assert TestClient(application).get("/").text == "middleware"


def test_the_client_address_can_be_chosen() -> None:
    assert TestClient(app).get("/host").json() == "testclient"
    client = TestClient(app, client=("192.0.2.7", 50000))
    assert client.get("/host").json() == "192.0.2.7"


def test_cookies_stay_in_the_client() -> None:
    application = FastAPI()

    @application.get("/set")
    async def set_cookie(response: Response) -> None:
        response.set_cookie("seen", "yes")

    client = TestClient(application)
    client.get("/set")
    assert client.cookies["seen"] == "yes"
    assert "seen" not in TestClient(application).cookies


def test_a_secure_cookie_is_sent_back_over_https_only() -> None:
    application = FastAPI()

    @application.get("/set")
    async def set_cookie(response: Response) -> None:
        response.set_cookie("seen", "yes", secure=True)

    @application.get("/seen")
    async def read(seen: Annotated[str, Cookie()] = "no") -> str:
        return seen

    client = TestClient(application)
    client.get("/set")
    assert client.get("/seen").json() == "no"
    client = TestClient(application, base_url="https://testserver")
    client.get("/set")
    assert client.get("/seen").json() == "yes"


@pytest.mark.parametrize("method", ["get", "delete", "head", "options"])
@pytest.mark.parametrize("argument", ["json", "data", "files"])
def test_methods_without_a_body_take_none(method: str, argument: str) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        getattr(TestClient(app), method)("/host", **{argument: {}})


def test_request_sends_a_body_with_delete() -> None:
    application = FastAPI()

    @application.delete("/")
    async def delete(body: dict[str, int]) -> dict[str, int]:
        return body

    client = TestClient(application)
    assert client.request("DELETE", "/", json={"a": 1}).json() == {"a": 1}


def test_a_handler_for_exception_does_not_keep_it_out_of_the_test() -> None:
    application = FastAPI()

    @application.exception_handler(Exception)
    async def handler(request: Request, error: Exception) -> Response:
        return Response("handled", status_code=500)

    @application.get("/")
    async def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        TestClient(application).get("/")
    client = TestClient(application, raise_server_exceptions=False)
    assert client.get("/").text == "handled"


def test_redirects_are_followed_unless_told_otherwise() -> None:
    application = FastAPI()

    @application.get("/items/")
    async def items() -> str:
        return "items"

    client = TestClient(application)
    assert client.get("/items").json() == "items"
    assert client.get("/items", follow_redirects=False).status_code == 307
