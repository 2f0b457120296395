import asyncio
import gc
import re
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any, TypeVar

import anyio
import pytest
import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect

from snippets.conftest import run_pytest

# `await` is a keyword, so the folder can be named in a relative import only.
from . import (
    awaited_condition,
    awaiting_and_waiting,
    result_or_exception,
    thread_awaited,
    wrong_awaited_blocking_call,
    wrong_condition,
)

T = TypeVar("T")
PATIENCE = 30.0  # how long a broken test may take


def client(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


# --- Result and exception


def test_await_gives_the_result_of_the_coroutine_or_raises_its_exception(
    recorded: Any,
) -> None:
    shown = []
    for path in ("/users/1", "/users/2"):
        answer = client(result_or_exception.app).get(path)
        shown.append(f"GET {path}\n{answer.status_code} {answer.text}\n")
    recorded("answers.txt", "\n".join(shown))


def test_during_an_await_other_requests_run(monkeypatch: pytest.MonkeyPatch) -> None:
    both_wait = asyncio.Barrier(2)

    async def sleep(seconds: float) -> None:
        await both_wait.wait()

    fake = SimpleNamespace(sleep=sleep)
    monkeypatch.setattr(result_or_exception, "asyncio", fake)

    async def main() -> list[Any]:
        read = result_or_exception.read_user
        async with asyncio.timeout(PATIENCE):
            return list(await asyncio.gather(read(1), read(1)))

    assert asyncio.run(main()) == [{"name": "admin"}] * 2


def test_fastapi_awaits_async_def_path_operations_and_dependencies_itself() -> None:
    async def one() -> int:
        return 1

    app = FastAPI()

    @app.get("/")
    async def endpoint(number: Annotated[int, Depends(one)]) -> int:
        return number

    assert client(app).get("/").json() == 1


def test_consecutive_awaits_run_one_after_the_other_and_gather_at_the_same_time() -> (
    None
):
    events: list[str] = []

    async def call(name: str) -> None:
        events.append(f"{name} starts")
        await asyncio.sleep(0)
        events.append(f"{name} ends")

    async def in_a_row() -> None:
        await call("a")
        await call("b")

    async def together() -> None:
        await asyncio.gather(call("a"), call("b"))

    asyncio.run(in_a_row())
    assert events == ["a starts", "a ends", "b starts", "b ends"]
    events.clear()
    asyncio.run(together())
    assert events == ["a starts", "b starts", "a ends", "b ends"]


def test_an_awaitable_is_a_coroutine_a_task_a_future_or_has_dunder_await() -> None:
    class Ready:
        def __await__(self) -> Generator[Any, None, int]:
            yield from ()
            return 4

    async def one() -> int:
        return 1

    async def main() -> list[int]:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        future.set_result(3)
        return [
            await one(),
            await asyncio.create_task(one()),
            await future,
            await Ready(),
        ]

    assert asyncio.run(main()) == [1, 1, 3, 4]


def test_await_runs_the_coroutine_in_the_task_that_awaits_it() -> None:
    async def task() -> asyncio.Task[Any] | None:
        return asyncio.current_task()

    async def main() -> tuple[bool, bool]:
        here = asyncio.current_task()
        return await task() is here, await asyncio.create_task(task()) is here

    assert asyncio.run(main()) == (True, False)


def test_a_coroutine_is_awaited_once_and_a_task_as_often_as_you_like() -> None:
    async def one() -> int:
        return 1

    async def main() -> None:
        task = asyncio.create_task(one())
        assert [await task, await task] == [1, 1]
        coroutine = one()
        await coroutine
        await coroutine

    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        asyncio.run(main())


# --- Waiting


def test_await_pauses_only_the_coroutine_that_contains_it() -> None:
    events = []

    async def waits(result: asyncio.Future[str]) -> None:
        events.append("await")
        events.append(await result)

    async def main() -> None:
        result = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(waits(result))
        await asyncio.sleep(0)  # the task starts
        events.append("the caller goes on")
        result.set_result("result")
        await task

    asyncio.run(main())
    assert events == ["await", "the caller goes on", "result"]


def test_awaiting_what_does_not_wait_lets_no_other_task_run(
    capsys: pytest.CaptureFixture[str], recorded: Any
) -> None:
    asyncio.run(awaiting_and_waiting.main())
    output = capsys.readouterr().out
    lines = output.splitlines()
    assert lines.index("awaited add()") < lines.index("other task runs")
    assert lines.index("other task runs") < lines.index("awaited sleep()")
    recorded("output.txt", output)


async def without_waiting() -> None:
    await awaiting_and_waiting.add(1, 2)


async def from_a_queue_with_items() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue()
    queue.put_nowait(1)
    await queue.get()


async def for_a_free_lock() -> None:
    async with asyncio.Lock():
        pass


@pytest.mark.parametrize(
    "step", [without_waiting, from_a_queue_with_items, for_a_free_lock]
)
def test_an_await_suspends_only_when_the_awaitable_has_to_wait(
    step: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    async def main() -> tuple[bool, bool]:
        other_ran: list[bool] = []
        asyncio.get_running_loop().call_soon(other_ran.append, True)
        for _ in range(1000):
            await step()
        before = bool(other_ran)
        await asyncio.sleep(0)
        return before, bool(other_ran)

    assert asyncio.run(main()) == (False, True)


def test_cancellation_is_raised_at_the_await_where_the_task_is_paused() -> None:
    events = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            events.append("raised at the await where it was paused")
            raise

    async def main() -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)  # the task is paused now
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(main())
    assert events == ["raised at the await where it was paused"]


async def hand_over() -> None:
    await asyncio.sleep(0)


async def for_a_free_anyio_lock() -> None:
    async with anyio.Lock():
        pass


@pytest.mark.parametrize("step", [hand_over, for_a_free_anyio_lock])
def test_some_awaits_hand_over_to_the_event_loop_without_a_wait(
    step: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    async def main() -> bool:
        other_ran: list[bool] = []
        asyncio.get_running_loop().call_soon(other_ran.append, True)
        await step()
        return bool(other_ran)

    assert asyncio.run(main())


def test_cancellation_is_raised_at_the_next_await_that_suspends() -> None:
    events = []

    async def work() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await without_waiting()
        events.append("awaited without waiting")
        try:
            await asyncio.Event().wait()
        except Exception:
            events.append("Exception")
        except asyncio.CancelledError:
            events.append("CancelledError")
            raise

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(work())
    assert events == ["awaited without waiting", "CancelledError"]


@pytest.mark.parametrize(
    ("path", "expected"), [("/returns", "ran to its end"), ("/yields", "cancelled")]
)
def test_a_client_that_disconnects_cancels_only_an_endpoint_that_yields(
    path: str, expected: str
) -> None:
    app = FastAPI()

    async def main() -> str:
        entered, client_gone = asyncio.Event(), asyncio.Event()
        outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def work() -> None:
            entered.set()
            try:
                await client_gone.wait()
                outcome.set_result("ran to its end")
            except asyncio.CancelledError:
                outcome.set_result("cancelled")
                raise

        @app.get("/returns")
        async def returns() -> None:
            await work()

        @app.get("/yields")
        async def yields() -> AsyncIterable[int]:
            yield 1
            await work()

        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            await until(lambda: server.started)
            _, client = await asyncio.open_connection(*listener.getsockname())
            client.write(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
            await entered.wait()
            client.close()
            await client.wait_closed()
            await until(lambda: not server.server_state.connections)
            if path == "/returns":
                client_gone.set()
            try:
                return await outcome
            finally:
                server.should_exit = True
                await serving

    async def with_a_limit() -> str:
        async with asyncio.timeout(PATIENCE):
            return await main()

    assert asyncio.run(with_a_limit()) == expected


def test_an_endpoint_that_still_reads_the_body_gets_a_client_disconnect() -> None:
    app = FastAPI()
    outcome: list[str] = []

    @app.post("/")
    async def read(request: Request) -> None:
        try:
            await request.body()
        except ClientDisconnect:
            outcome.append("ClientDisconnect")

    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"a part", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None: ...

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [],
    }
    asyncio.run(app(scope, receive, send))
    assert outcome == ["ClientDisconnect"]


async def until(condition: Callable[[], bool]) -> None:
    """Let the event loop run until something has happened."""
    while not condition():  # noqa: ASYNC110 (there is no event to wait for)
        await asyncio.sleep(0.001)


# --- A forgotten await


async def find_user(user_id: int) -> dict[str, int]:
    return {"id": user_id}


unchecked: Any = find_user  # what mypy would say is tested below


def without_await(act: Callable[[], T]) -> T:
    """Return what ``act`` returns, and require the warning of a forgotten await."""

    def act_and_collect() -> T:
        try:
            return act()
        finally:
            gc.collect()

    with pytest.warns(RuntimeWarning, match="coroutine '.+' was never awaited"):
        return act_and_collect()


def raised_by(endpoint: Callable[[], Awaitable[Any]]) -> str:
    """Return what an endpoint raises that leaves a coroutine un-awaited."""
    app = FastAPI()
    app.get("/")(endpoint)
    assert client(app).get("/").status_code == 500
    with pytest.raises(Exception) as caught:  # noqa: PT011
        TestClient(app).get("/")
    error = caught.value
    return f"{type(error).__name__}: {error}"


async def typed_endpoint() -> dict[str, int]:
    return unchecked(1)  # type: ignore[no-any-return]


def typed_def_endpoint() -> dict[str, int]:
    return unchecked(1)  # type: ignore[no-any-return]


@pytest.mark.parametrize("endpoint", [typed_endpoint, typed_def_endpoint])
def test_a_returned_coroutine_is_no_valid_response(endpoint: Any) -> None:
    error = without_await(lambda: raised_by(endpoint))
    assert re.match(
        r"ResponseValidationError: 1 validation error:\n  "
        r".*'Input should be a valid dictionary', 'input': <coroutine object find_user ",
        error,
    )


async def untyped_endpoint():  # type: ignore[no-untyped-def]
    return unchecked(1)


def untyped_def_endpoint():  # type: ignore[no-untyped-def]
    return unchecked(1)


@pytest.mark.parametrize("endpoint", [untyped_endpoint, untyped_def_endpoint])
def test_a_returned_coroutine_cannot_be_encoded_where_no_return_type_is_declared(
    endpoint: Any,
) -> None:
    error = without_await(lambda: raised_by(endpoint))
    assert error == (
        "ValueError: [TypeError(\"'coroutine' object is not iterable\"), "
        "TypeError('vars() argument must have __dict__ attribute')]"
    )


def test_a_coroutine_has_neither_items_nor_attributes_of_its_result() -> None:
    async def item() -> Any:
        return unchecked(1)["id"]

    async def attribute() -> Any:
        return unchecked(1).id

    async def in_parentheses() -> Any:
        return (await unchecked(1))["id"]

    errors = without_await(lambda: [raised_by(item), raised_by(attribute)])
    assert errors == [
        "TypeError: 'coroutine' object is not subscriptable",
        "AttributeError: 'coroutine' object has no attribute 'id'",
    ]
    assert asyncio.run(in_parentheses()) == 1


def test_a_call_on_its_own_line_runs_nothing_and_raises_nothing() -> None:
    saved = []

    async def save() -> None:
        saved.append(True)

    unchecked_save: Any = save
    app = FastAPI()

    @app.get("/")
    async def endpoint() -> str:
        unchecked_save()
        return "saved"

    answer = without_await(lambda: client(app).get("/"))
    assert (answer.status_code, answer.json(), saved) == (200, "saved", [])


def test_a_forgotten_await_in_a_condition_lets_everybody_pass() -> None:
    files = client(wrong_condition.app)
    answer = without_await(lambda: files.delete("/files"))
    assert (answer.status_code, answer.json()) == (200, "deleted")


def test_an_awaited_condition_is_checked_for_the_user_who_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = client(awaited_condition.app)
    assert files.delete("/files").status_code == 403
    overrides = awaited_condition.app.dependency_overrides
    monkeypatch.setitem(overrides, awaited_condition.current_user, lambda: 1)
    assert files.delete("/files").status_code == 200
    assert files.delete("/files?user_id=2").status_code == 200  # no client's choice


@pytest.mark.usefixtures("nothing_left")
def test_the_warning_is_shown_once_for_each_place() -> None:
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")  # as Python starts
        for _ in range(3):
            client(wrong_condition.app).delete("/files")
        gc.collect()
    assert [str(warning.message) for warning in shown] == [
        "coroutine 'is_admin' was never awaited"
    ]


@pytest.mark.usefixtures("nothing_left")
def test_an_answer_without_a_return_type_lets_the_warning_be_shown_again() -> None:
    without_types = FastAPI()

    @without_types.get("/untyped")
    async def untyped():  # type: ignore[no-untyped-def]
        return SimpleNamespace(name="admin")  # as an object of an ORM

    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")  # as Python starts
        for _ in range(2):
            client(wrong_condition.app).delete("/files")
            client(without_types).get("/untyped")
        gc.collect()
    assert [str(warning.message) for warning in shown] == 2 * [
        "coroutine 'is_admin' was never awaited"
    ]


def test_debug_mode_adds_where_the_coroutine_was_created() -> None:
    async def endpoint() -> None:
        unchecked(1)

    with pytest.warns(RuntimeWarning, match="was never awaited\nCoroutine created at"):
        asyncio.run(endpoint(), debug=True)


def test_pytest_fails_a_test_that_forgets_an_await_if_warnings_are_errors(
    tmp_path: Path,
) -> None:
    file = tmp_path / "test_forgotten.py"
    file.write_text("async def f(): ...\ndef test_it():\n    f()\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    result = run_pytest(tmp_path, "-q", file.name, **alone)
    assert result.returncode == 1
    assert "1 failed" in result.stdout


FORGOTTEN = """
from typing import Any
async def find_user(user_id: int) -> dict[str, int]:
    return {"id": user_id}
async def endpoint() -> dict[str, int]:
    find_user(1)
    find_user(1)["id"]
    find_user(1).id
    if find_user(1):
        pass
    return find_user(1)
async def some_object() -> object:
    return find_user(1)
async def anything() -> Any:
    return find_user(1)
"""


def test_mypy_reports_a_forgotten_await_and_the_condition_only_with_truthy_bool(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    (tmp_path / "plain.py").write_text(FORGOTTEN, encoding="utf-8")
    comment = '# mypy: enable-error-code="truthy-bool"'
    (tmp_path / "truthy.py").write_text(comment + FORGOTTEN, encoding="utf-8")
    # It keeps what mypy found out about Python's own modules.
    cache = getattr(pytestconfig, "cache", None)
    cache_dir = cache.mkdir("mypy-await") if cache else tmp_path
    result = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--config-file=", "plain.py", "truthy.py"),
            *("--cache-dir", str(cache_dir)),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    codes = {
        name: re.findall(rf"^{name}\.py.*\[([\w-]+)\]$", result.stdout, re.M)
        for name in ("plain", "truthy")
    }
    plain = ["unused-coroutine", "index", "attr-defined", "return-value"]
    assert codes == {"plain": plain, "truthy": [*plain[:3], "truthy-bool", plain[3]]}


# --- An await of something else


@pytest.fixture
def sleepers(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """Replace ``time.sleep`` of the reports; return the threads that called it."""
    threads: list[threading.Thread] = []

    def sleep(seconds: float) -> None:
        threads.append(threading.current_thread())

    for module in (wrong_awaited_blocking_call, thread_awaited):
        monkeypatch.setattr(module, "time", SimpleNamespace(sleep=sleep))
    return threads


def test_the_call_has_blocked_the_event_loop_before_await_refuses_its_result(
    sleepers: list[threading.Thread], cannot_be_awaited: Callable[[str], str]
) -> None:
    with pytest.raises(TypeError, match=cannot_be_awaited("dict")):
        asyncio.run(wrong_awaited_blocking_call.report())
    assert sleepers == [threading.current_thread()]
    assert client(wrong_awaited_blocking_call.app).get("/report").status_code == 500


def test_run_in_threadpool_makes_the_blocking_call_awaitable(
    sleepers: list[threading.Thread],
) -> None:
    assert asyncio.run(thread_awaited.report()) == {"rows": 3}
    assert sleepers != [threading.current_thread()]
    assert len(sleepers) == 1


def test_await_in_def_is_a_syntax_error_when_the_module_is_imported() -> None:
    source = "async def f(): ...\ndef endpoint():\n    await f()\n"
    with pytest.raises(SyntaxError, match="'await' outside async function"):
        compile(source, "main.py", "exec")
