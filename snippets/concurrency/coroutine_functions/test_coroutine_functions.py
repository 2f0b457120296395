import asyncio
import gc
import inspect
import json
import os
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
)
from functools import partial, wraps
from types import ModuleType
from typing import Annotated, Any, ParamSpec, TypeVar

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import FastAPIError, ResponseValidationError
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient

from snippets.concurrency.coroutine_functions import (
    async_wrapper,
    awaited_coroutine,
    coroutine_function_task,
    coroutine_object,
    wrong_def_wrapper,
    wrong_lambda_task,
    wrong_missing_await,
)

P = ParamSpec("P")
T = TypeVar("T")


def wrapped(func: Callable[P, T]) -> Callable[P, T]:
    """A decorator as people write it: `def` around anything, with functools.wraps."""

    @wraps(func)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        return func(*args, **kwargs)

    return wrapper


def where() -> str:
    """Say whether an event loop runs in the calling thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return "in a worker thread"
    return "on the event loop"


def async_wrapped(func: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """`async def` around a `def` function, with functools.wraps."""

    @wraps(func)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        return func(*args, **kwargs)

    return wrapper


async def report(rows: int = 3) -> str:
    return where()


def sync_report(rows: int = 3) -> str:
    return where()


class Report:
    async def __call__(self) -> str:
        return where()

    async def weekly(self) -> str:
        return where()


async def stream() -> AsyncIterable[str]:
    yield where()


def sync_stream() -> Iterable[str]:
    yield where()


def never_awaited(name: str, action: Callable[[], T]) -> T:
    """Do ``action``, which leaves the coroutine of function ``name`` behind, not awaited."""

    def act() -> T:
        result = action()
        gc.collect()
        return result

    with pytest.warns(RuntimeWarning, match=f"{name}' was never awaited"):
        return act()


# --- Python's part


def test_calling_a_coroutine_function_runs_nothing_until_it_is_awaited(
    recorded: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    coroutine_object.main()
    output = capsys.readouterr().out
    recorded("coroutine_object.txt", output)
    lines = output.splitlines()
    assert lines.index("coroutine") < lines.index("the body runs")


def test_a_coroutine_function_is_a_thing_of_python_and_needs_no_fastapi() -> None:
    assert "fastapi" not in inspect.getsource(coroutine_object)
    assert inspect.iscoroutinefunction(coroutine_object.load_user)


def test_async_def_with_yield_is_no_coroutine_function() -> None:
    assert not inspect.iscoroutinefunction(stream)
    assert inspect.isasyncgenfunction(stream)


# --- what FastAPI does with each form


FORMS: dict[str, list[Callable[..., Any]]] = {
    "on the event loop": [
        report,
        partial(report, rows=10),
        Report(),
        Report().weekly,
        wrapped(report),
        async_wrapped(sync_report),
        stream,
    ],
    "in a worker thread": [sync_report, partial(sync_report, rows=10), sync_stream],
}


@pytest.mark.parametrize(
    ("form", "place"), [(form, place) for place in FORMS for form in FORMS[place]]
)
def test_where_each_form_of_endpoint_runs(form: Callable[..., Any], place: str) -> None:
    app = FastAPI()
    app.get("/")(form)
    assert json.loads(TestClient(app).get("/").text) == place


def test_fastapi_looks_at_the_function_when_it_builds_the_route() -> None:
    class Changed:
        def __call__(self):  # type: ignore[no-untyped-def]
            return where()

    async def asynchronous(self: Changed) -> str:
        return where()

    app = FastAPI()
    app.get("/")(Changed())
    Changed.__call__ = asynchronous  # type: ignore[method-assign]

    def send() -> None:
        with pytest.raises(ValueError, match="'coroutine' object is not iterable"):
            TestClient(app).get("/")

    never_awaited("asynchronous", send)


def test_a_path_operation_awaits_the_coroutine_that_a_call_returned(
    recorded: Any,
) -> None:
    answer = TestClient(awaited_coroutine.app).get("/users/7")
    recorded("answer.txt", f"GET /users/7\n{answer.status_code} {answer.text}")


def test_dependencies_are_told_apart_in_the_same_way() -> None:
    class AsyncObject:
        async def __call__(self) -> str:
            return where()

    async def generator() -> AsyncIterator[str]:
        yield where()

    def sync_generator() -> Iterator[str]:
        yield where()

    on_the_loop: list[Callable[..., Any]] = [
        report,
        AsyncObject(),
        wrapped(report),
        generator,
    ]
    in_a_thread: list[Callable[..., Any]] = [sync_report, sync_generator]
    for dependencies, place in [
        (on_the_loop, "on the event loop"),
        (in_a_thread, "in a worker thread"),
    ]:
        for dependency in dependencies:
            app = FastAPI()

            @app.get("/")
            async def read(value: Annotated[str, Depends(dependency)]) -> str:
                return value

            assert TestClient(app).get("/").json() == place


def test_async_dependencies_and_the_endpoint_run_in_one_task() -> None:
    tasks = []

    async def dependency() -> None:
        tasks.append(asyncio.current_task())

    app = FastAPI(dependencies=[Depends(dependency)])

    @app.get("/")
    async def read() -> None:
        tasks.append(asyncio.current_task())

    TestClient(app).get("/")
    first, second = tasks
    assert first is second


def test_many_requests_are_in_progress_at_once_in_one_thread() -> None:
    requests = 100
    threads = set()
    app = FastAPI()

    async def main() -> None:
        all_arrived = asyncio.Barrier(requests)

        @app.get("/")
        async def read() -> None:
            threads.add(threading.get_ident())
            await all_arrived.wait()  # passes only when all are in progress
            threads.add(threading.get_ident())

        transport = ASGITransport(app)
        async with (
            AsyncClient(transport=transport, base_url="http://test") as client,
            asyncio.timeout(30),
            asyncio.TaskGroup() as tasks,
        ):
            for _ in range(requests):
                tasks.create_task(client.get("/"))

    asyncio.run(main())
    assert len(threads) == 1


def test_await_does_not_make_a_blocking_call_asynchronous(
    cannot_be_awaited: Callable[[str], str],
) -> None:
    calls: list[str] = []

    def blocking_query() -> Any:
        calls.append(where())
        return {"rows": 3}

    app = FastAPI()

    @app.get("/")
    async def read() -> Any:
        return await blocking_query()

    with pytest.raises(TypeError, match=cannot_be_awaited("dict")):
        TestClient(app).get("/")
    assert calls == ["on the event loop"]


# --- a coroutine that nobody awaits


@pytest.mark.usefixtures("nothing_left")
def test_a_missing_await_is_an_error_500_and_a_warning(recorded: Any) -> None:
    client = TestClient(wrong_missing_await.app, raise_server_exceptions=False)
    response = never_awaited("load_user", lambda: client.get("/users/7"))
    assert response.status_code == 500

    client = TestClient(wrong_missing_await.app)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(ResponseValidationError) as error:
            client.get("/users/7")
        lines = str(error.value).splitlines()[:2]
        del error
        gc.collect()
    (warning,) = [w for w in caught if w.category is RuntimeWarning]
    text = "\n".join(
        [
            f"fastapi.exceptions.ResponseValidationError: {lines[0]}",
            re.sub(r"0x[0-9a-f]+", "0x…", lines[1]),
            f"RuntimeWarning: {warning.message}",
        ]
    )
    recorded("missing_await.txt", text)


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_without_a_return_type_a_coroutine_as_result_is_a_value_error(
    kind: str,
) -> None:
    app = FastAPI()
    load_user = wrong_missing_await.load_user
    if kind == "def":

        @app.get("/", response_model=None)
        def read() -> Any:
            return load_user(7)
    else:

        @app.get("/", response_model=None)
        async def async_read() -> Any:
            return load_user(7)

    def send() -> None:
        with pytest.raises(ValueError, match="'coroutine' object is not iterable"):
            TestClient(app).get("/")

    never_awaited("load_user", send)


def test_a_def_dependency_that_returns_a_coroutine_injects_the_coroutine() -> None:
    app = FastAPI()
    load_user = wrong_missing_await.load_user

    @app.get("/")
    async def read(user: Annotated[Any, Depends(lambda: load_user(7))]) -> str:
        assert inspect.iscoroutine(user)
        user.close()
        return type(user).__name__

    assert TestClient(app).get("/").json() == "coroutine"


def create_user(module: ModuleType) -> list[str]:
    module.sent.clear()
    response = TestClient(module.app).post("/users?address=ada@example.com")
    assert response.status_code == 201
    sent: list[str] = module.sent
    return sent


def test_a_background_task_given_as_a_lambda_never_runs() -> None:
    sent = never_awaited("send_mail", lambda: create_user(wrong_lambda_task))
    assert sent == []


def test_a_background_task_given_as_a_coroutine_function_runs() -> None:
    assert create_user(coroutine_function_task) == ["ada@example.com"]


def test_background_tasks_do_not_look_through_functools_wraps() -> None:
    sent = []

    async def send_mail() -> None:
        sent.append("mail")

    app = FastAPI()

    @app.get("/")
    async def read(tasks: BackgroundTasks) -> None:
        tasks.add_task(wrapped(send_mail))

    response = never_awaited("send_mail", lambda: TestClient(app).get("/"))
    assert response.status_code == 200
    assert sent == []


def test_exception_handlers_do_not_look_through_functools_wraps() -> None:
    app = FastAPI()

    @app.exception_handler(LookupError)
    @wrapped
    async def handle(request: Request, error: LookupError) -> JSONResponse:
        return JSONResponse({}, status_code=404)

    @app.get("/")
    async def read() -> None:
        raise LookupError

    def send() -> None:
        with pytest.raises(TypeError, match="'coroutine' object is not callable"):
            TestClient(app).get("/")

    never_awaited("handle", send)


# --- decorators


def test_a_def_wrapper_does_not_catch_what_the_coroutine_raises() -> None:
    client = TestClient(wrong_def_wrapper.app, raise_server_exceptions=False)
    assert client.get("/users/1").json() == "Ada"
    assert client.get("/users/2").status_code == 500


def test_a_def_wrapper_runs_before_the_body_of_the_coroutine_starts() -> None:
    events = []

    def log(func: Callable[P, T]) -> Callable[P, T]:
        @wraps(func)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            result = func(*args, **kwargs)
            events.append("timer stopped")
            return result

        return wrapper

    app = FastAPI()

    @app.get("/")
    @log
    async def read() -> None:
        events.append("body")

    TestClient(app).get("/")
    assert events == ["timer stopped", "body"]


def test_an_async_wrapper_that_awaits_catches_what_the_coroutine_raises() -> None:
    client = TestClient(async_wrapper.app)
    assert client.get("/users/1").json() == "Ada"
    assert client.get("/users/2").status_code == 404


def test_the_right_decorator_hides_no_other_error_of_the_endpoint() -> None:
    app = FastAPI()

    @app.get("/")
    @async_wrapper.no_user_is_404
    async def read() -> str:
        prices: dict[str, str] = {}
        return prices["tea"]

    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/").status_code == 500


def test_an_async_wrapper_that_awaits_fails_around_def(
    cannot_be_awaited: Callable[[str], str],
) -> None:
    app = FastAPI()
    endpoint: Any = sync_report
    app.get("/")(async_wrapper.no_user_is_404(endpoint))
    with pytest.raises(TypeError, match=cannot_be_awaited("str")):
        TestClient(app).get("/")


def test_an_async_wrapper_that_awaits_fails_around_an_endpoint_with_yield() -> None:
    app = FastAPI()

    async def items() -> AsyncIterable[int]:
        yield 1

    endpoint: Any = items
    app.get("/")(async_wrapper.no_user_is_404(endpoint))

    def send() -> None:
        with pytest.raises(TypeError, match="__aiter__"):
            TestClient(app).get("/")

    never_awaited("items", send)


def mypy_says(code: str, request: pytest.FixtureRequest) -> list[str]:
    """Return the errors and notes of mypy for ``code``, without their places."""
    # It keeps what mypy found out about Python's own modules.
    cache = getattr(request.config, "cache", None)
    cache_dir = (
        cache.mkdir(f"mypy-{request.function.__name__}") if cache else os.devnull
    )
    result = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--config-file=", "-c", code),
            *("--cache-dir", str(cache_dir)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return re.findall(r"^<string>:\d+: (\w+: .+)$", result.stdout, re.M)


TYPED = """
from collections.abc import AsyncIterable, Awaitable, Callable
from functools import partial, wraps
from typing import ParamSpec, TypeVar
P = ParamSpec("P")
T = TypeVar("T")
class HTTPException(Exception):
    def __init__(self, status_code: int) -> None: ...
class NoSuchUser(Exception): ...
def read_def(user_id: int) -> str: ...
async def read_async(user_id: int) -> str: ...
async def read_stream(user_id: int) -> AsyncIterable[str]:
    yield ""
"""


def test_mypy_accepts_the_def_wrapper_and_keeps_the_async_wrapper_from_def(
    request: pytest.FixtureRequest,
) -> None:
    wrong, right = (
        inspect.getsource(module.no_user_is_404)
        for module in (wrong_def_wrapper, async_wrapper)
    )
    code = "\n".join(
        [
            TYPED.replace("...", "raise NotImplementedError"),
            wrong,
            "no_user_is_404(read_async)",
            right.replace("no_user_is_404", "right"),
            "right(read_async)",
            "right(read_def)",
            "right(read_stream)",
        ]
    )
    errors = mypy_says(code, request)
    assert len(errors) == 2
    for error in errors:
        assert error.startswith('error: Argument 1 to "right" has incompatible type')


def test_mypy_asks_for_the_missing_await(request: pytest.FixtureRequest) -> None:
    code = "\n".join(
        inspect.getsource(function)
        for function in (wrong_missing_await.load_user, wrong_missing_await.read_user)
    ).replace("@app", "# @app")
    error, note = mypy_says(code, request)
    assert error.endswith("[return-value]")
    assert note == 'note: Maybe you forgot to use "await"?'


def test_without_wraps_the_wrappers_own_parameters_become_query_parameters() -> None:
    def forward(func: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            return await func(*args, **kwargs)

        return wrapper

    app = FastAPI()
    app.get("/")(forward(report))
    response = TestClient(app).get("/")
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["detail"]] == [
        ["query", "args"],
        ["query", "kwargs"],
    ]


def test_without_wraps_typed_star_args_stop_the_application_from_starting() -> None:
    def forward(func: Callable[P, T]) -> Callable[P, T]:
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            return func(*args, **kwargs)

        return wrapper

    with pytest.raises(FastAPIError, match=r"check that P\.args is a valid Pydantic"):
        FastAPI().get("/")(forward(report))


def test_with_wraps_fastapi_awaits_what_the_wrapper_returns(
    cannot_be_awaited: Callable[[str], str],
) -> None:
    def plain_value(func: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> dict[str, bool]:
            return {"cached": True}

        return wrapper

    app = FastAPI()
    app.get("/")(plain_value(report))
    with pytest.raises(TypeError, match=cannot_be_awaited("dict")):
        TestClient(app).get("/")


def logged(func: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(func)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        if inspect.iscoroutinefunction(func):
            return await func(*args, **kwargs)
        result = await run_in_threadpool(func, *args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    return wrapper


def test_a_wrapper_for_both_kinds_awaits_what_a_def_wrapper_returned() -> None:
    async def require_admin() -> None:
        raise HTTPException(403)

    guard = wrapped(require_admin)
    app = FastAPI()
    app.get("/", dependencies=[Depends(logged(guard))])(sync_report)
    assert TestClient(app).get("/").status_code == 403


def test_run_in_threadpool_keeps_def_in_a_thread_inside_an_async_wrapper() -> None:
    app = FastAPI()
    app.get("/def")(logged(sync_report))
    app.get("/async-def")(logged(report))
    client = TestClient(app)
    assert client.get("/def").json() == "in a worker thread"
    assert client.get("/async-def").json() == "on the event loop"


def test_a_wrapper_for_both_kinds_answers_200_without_a_body_around_yield() -> None:
    def items() -> Iterator[int]:
        yield 1

    app = FastAPI()
    app.get("/")(logged(items))

    def send() -> None:
        answer = TestClient(app, raise_server_exceptions=False).get("/")
        assert (answer.status_code, answer.text) == (200, "")

    never_awaited("items", send)
