import asyncio
import inspect
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import anyio.from_thread
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from snippets.concurrency.async_and_await import (
    async_with_and_for,
    awaits_in_a_row,
    call_and_await,
    def_helper,
    wrong_async_helper,
)


def test_calling_a_coroutine_function_runs_nothing_and_await_runs_it(
    capsys: pytest.CaptureFixture[str], recorded: Any
) -> None:
    asyncio.run(call_and_await.main())
    output = capsys.readouterr().out
    lines = output.splitlines()
    assert lines.index("called: coroutine") < lines.index("load_name runs")
    recorded("output.txt", output)


async def numbers() -> AsyncIterator[int]:
    yield 1


def test_async_def_with_yield_is_an_asynchronous_generator_and_cannot_be_awaited() -> (
    None
):
    assert inspect.iscoroutinefunction(call_and_await.load_name)
    assert not inspect.iscoroutinefunction(numbers)
    assert inspect.isasyncgenfunction(numbers)
    with pytest.raises(TypeError, match="async_generator"):
        asyncio.run(awaited(numbers()))


async def awaited(anything: Any) -> Any:
    return await anything


def test_neither_keyword_creates_a_thread() -> None:
    async def thread() -> threading.Thread:
        await asyncio.sleep(0)
        return threading.current_thread()

    async def main() -> threading.Thread:
        return await thread()

    assert asyncio.run(main()) is threading.current_thread()


def test_from_thread_runs_a_coroutine_function_on_the_event_loop_for_a_def_endpoint() -> (
    None
):
    app = FastAPI()

    async def on_the_loop() -> threading.Thread:
        await asyncio.sleep(0)
        return threading.current_thread()

    @app.get("/")
    def endpoint() -> bool:
        return anyio.from_thread.run(on_the_loop) is threading.current_thread()

    assert TestClient(app).get("/").json() is False


# --- Where the keywords may stand


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("await f()", "'await' outside async function"),
        ("async with f(): ...", "'async with' outside async function"),
        ("async for x in f(): ...", "'async for' outside async function"),
        (
            "[x async for x in f()]",
            "asynchronous comprehension outside of an asynchronous function",
        ),
    ],
)
def test_await_async_with_and_async_for_belong_into_async_def(
    line: str, message: str
) -> None:
    compile(f"async def endpoint():\n    {line}\n", "main.py", "exec")
    with pytest.raises(SyntaxError, match=message):
        compile(f"def endpoint():\n    {line}\n", "main.py", "exec")


def test_async_def_may_stand_anywhere_and_needs_no_await() -> None:
    source = (
        "def outer():\n    async def inner():\n        return 1\n    return inner\n"
    )
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    assert asyncio.run(namespace["outer"]()()) == 1


@pytest.mark.parametrize(
    "body",
    ["# code\nresult = await f()\nreturn result", "result = await f()\nprint(result)"],
)
def test_a_body_that_is_not_indented_is_an_indentation_error(body: str) -> None:
    with pytest.raises(IndentationError, match="expected an indented block"):
        compile(f"async def endpoint():\n{body}\n", "main.py", "exec")


# --- async with and async for


class Steps:
    """An asynchronous context manager and iterator that waits in each step."""

    def __init__(self, other: list[str]) -> None:
        self.other = other
        self.seen: list[tuple[str, int]] = []

    async def wait(self, step: str) -> None:
        before = len(self.other)
        await asyncio.sleep(0)
        self.seen.append((step, len(self.other) - before))

    async def __aenter__(self) -> "Steps":
        await self.wait("enter")
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.wait("exit")

    def __aiter__(self) -> "Steps":
        return self

    async def __anext__(self) -> int:
        await self.wait("next")
        if len(self.seen) == 3:
            raise StopAsyncIteration
        return 1


def test_other_tasks_run_while_async_with_opens_and_closes_and_async_for_fetches() -> (
    None
):
    async def other_task(turns: list[str]) -> None:
        while True:
            turns.append("turn")
            await asyncio.sleep(0)

    async def main() -> list[tuple[str, int]]:
        turns: list[str] = []
        other = asyncio.create_task(other_task(turns))
        async with Steps(turns) as steps:
            async for _ in steps:
                pass
        other.cancel()
        return steps.seen

    seen = asyncio.run(main())
    assert [step for step, _ in seen] == ["enter", "next", "next", "exit"]
    assert all(turns > 0 for _, turns in seen)


def test_the_endpoint_awaits_the_connection_and_each_row(recorded: Any) -> None:
    answer = TestClient(async_with_and_for.app).get("/rows")
    recorded("rows.txt", f"GET /rows\n{answer.status_code} {answer.text}")


def test_with_refuses_an_asynchronous_context_manager() -> None:
    manager: Any = asynccontextmanager(numbers)()
    message = "object does not support the context manager protocol"
    with pytest.raises(TypeError, match=message) as error:
        manager_entered_with(manager)
    hint = "Did you mean to use 'async with'?" in str(error.value)
    assert hint == (sys.version_info >= (3, 14))


def manager_entered_with(manager: Any) -> None:
    with manager:
        pass


def test_for_refuses_an_asynchronous_generator() -> None:
    generator: Any = numbers()
    with pytest.raises(TypeError, match="'async_generator' object is not iterable"):
        list(generator)


def test_await_in_a_generator_expression_makes_an_asynchronous_generator() -> None:
    async def is_odd(number: int) -> bool:
        return bool(number % 2)

    async def scenario() -> None:
        with pytest.raises(TypeError, match="'async_generator' object is not iterable"):
            any(await is_odd(n) for n in (1, 2))  # type: ignore[arg-type]
        assert any([await is_odd(n) for n in (1, 2)])

    asyncio.run(scenario())


# --- Awaits in a row


def test_awaits_in_a_row_run_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], recorded: Any
) -> None:
    async def sleep(seconds: float) -> None:
        for _ in range(100):
            await asyncio.sleep(0)

    monkeypatch.setattr(awaits_in_a_row, "asyncio", SimpleNamespace(sleep=sleep))
    answer = TestClient(awaits_in_a_row.app).get("/documents")
    assert answer.json() == ["orders", "invoices"]
    recorded("events.txt", capsys.readouterr().out)


# --- async def without a need


def test_both_helpers_give_the_same_path() -> None:
    for app in (wrong_async_helper.app, def_helper.app):
        assert TestClient(app).get("/path?title=Hello World").json() == (
            "/posts/hello-world"
        )


def reported_by_ruff(code: str) -> list[str]:
    """Return the functions in which Ruff's rule RUF029 finds no await."""
    options = ["--isolated", "--preview", "--select", "RUF029", "--no-cache"]
    result = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *options, "-"],
        input=code,
        capture_output=True,
        text=True,
        check=False,
    )
    return re.findall(r"Function `(\w+)` is declared `async`", result.stdout)


def test_ruff_reports_the_helper_and_no_path_operation() -> None:
    assert reported_by_ruff(inspect.getsource(wrong_async_helper)) == ["slug"]
    code = inspect.getsource(def_helper)
    assert "async def read_path" in code
    assert reported_by_ruff(code) == []


def test_ruff_reports_a_path_operation_whose_app_is_imported_from_elsewhere() -> None:
    code = "from main import app\n@app.get('/')\nasync def read(): return 1\n"
    assert reported_by_ruff(code) == ["read"]


def test_ruff_also_reports_a_dependency_that_awaits_nothing() -> None:
    code = (
        "from fastapi import Depends, FastAPI\n"
        "app = FastAPI()\n"
        "async def page(limit: int = 50): return limit\n"
        "@app.get('/')\n"
        "async def read(page: int = Depends(page)): return page\n"
    )
    assert reported_by_ruff(code) == ["page"]


def test_ruff_also_reports_a_websocket_endpoint_and_a_middleware() -> None:
    code = (
        "from fastapi import FastAPI, WebSocket\n"
        "app = FastAPI()\n"
        "@app.websocket('/ws')\n"
        "async def talk(websocket: WebSocket): print()\n"
        "@app.middleware('http')\n"
        "async def answer(request, call_next): return Response()\n"
    )
    assert reported_by_ruff(code) == ["talk", "answer"]


def test_awaiting_a_helper_that_awaits_nothing_never_suspends() -> None:
    coroutine = wrong_async_helper.path_of("Hello World")
    with pytest.raises(StopIteration) as finished:
        coroutine.send(None)  # the first step is the last one
    assert finished.value.value == "/posts/hello-world"


def test_a_needless_async_def_adds_an_await_to_the_call() -> None:
    slug: Any = wrong_async_helper.slug("Hello World")
    with pytest.raises(TypeError, match="can only concatenate str"):
        "/posts/" + slug
    slug.close()
    assert inspect.iscoroutinefunction(wrong_async_helper.path_of)
    assert not inspect.iscoroutinefunction(def_helper.path_of)
