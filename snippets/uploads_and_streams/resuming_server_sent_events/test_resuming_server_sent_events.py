import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import fastapi.sse
import httpx2
import pytest
import redis
from anyio import BrokenResourceError
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.testclient import TestClient

from snippets.conftest import Database, Nginx
from snippets.uploads_and_streams.resuming_server_sent_events import (
    resumable_events,
    stream_with_an_end,
    wrong_without_an_end,
    wrong_without_ids,
)

Recorder = Callable[[str, str], None]
PATIENCE = 30.0
FOLDER = Path(__file__).parent


class CutLog(resumable_events.Log):
    """A log whose connections break when the test says so."""

    cut = False

    async def after(self, number: int) -> list[tuple[int, str]] | None:
        async with self.added:
            await self.added.wait_for(lambda: self.cut or self.newest != number)
            if self.cut:
                self.cut = False
                raise ConnectionError
        return await super().after(number)

    async def break_connection(self) -> None:
        async with self.added:
            self.cut = True
            self.added.notify_all()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> CutLog:
    """The log of the program, new and numbered from 1."""
    fresh = CutLog(size=3)
    fresh.newest = fresh.forgotten = 0
    monkeypatch.setattr(resumable_events, "log", fresh)
    return fresh


def frames(response: httpx2.Response) -> Iterator[str]:
    """Give each event as it stands on the wire."""
    text = ""
    for piece in response.iter_text():
        text += piece
        while "\n\n" in text:
            frame, _, text = text.partition("\n\n")
            yield frame


def stream(address: str, last: str | None = None) -> Any:
    headers = {} if last is None else {"Last-Event-ID": last}
    return httpx2.stream("GET", f"{address}/events", headers=headers, timeout=PATIENCE)


def add(address: str, *texts: str) -> None:
    for text in texts:
        answer = httpx2.post(f"{address}/events", json={"text": text}, timeout=PATIENCE)
        assert answer.status_code == 202


def test_a_client_gets_what_was_added_since_its_last_id(
    log: CutLog, serve: Any, recorded: Recorder
) -> None:
    with serve(resumable_events.app) as (address, _):
        with stream(address) as response:
            shown = frames(response)
            first = next(shown)
            add(address, "one")
            first += "\n\n" + next(shown)
        add(address, "two", "three")
        with stream(address, "1") as response:
            shown = frames(response)
            next(shown)
            missed = [next(shown), next(shown)]
    assert [frame.splitlines()[0] for frame in missed] == [
        'data: {"text": "two"}',
        'data: {"text": "three"}',
    ]
    request = "GET /events HTTP/1.1\n\n"
    again = "\n\n\nGET /events HTTP/1.1\nLast-Event-ID: 1\n\n"
    recorded("resumed.http", request + first + again + "\n\n".join(missed))


def test_a_new_client_gets_what_comes_from_now_on(log: CutLog, serve: Any) -> None:
    with serve(resumable_events.app) as (address, _):
        add(address, "old")
        with stream(address) as response:
            shown = frames(response)
            assert next(shown) == "id: 1\nretry: 2000"
            add(address, "new")
            assert "new" in next(shown)


def test_an_id_that_is_forgotten_is_answered_with_reset(
    log: CutLog, serve: Any
) -> None:
    with serve(resumable_events.app) as (address, _):
        add(address, "a", "b", "c", "d", "e")
        for last, texts in (("1", "cde"), ("2", "cde"), ("4", "e")):
            with stream(address, last) as response:
                shown = frames(response)
                next(shown)
                if last == "1":
                    assert next(shown) == "event: reset\ndata: {}\nid: 2"
                for text in texts:
                    assert f'"{text}"' in next(shown)


def test_an_id_of_an_earlier_run_is_older_than_all_of_this_one() -> None:
    earlier = resumable_events.Log()
    asyncio.run(earlier.add("text"))
    later = resumable_events.Log()
    assert earlier.newest <= later.forgotten


@pytest.mark.parametrize("last", ["5", "999", "-1"])
def test_an_id_of_another_run_is_answered_with_reset(
    log: CutLog, serve: Any, last: str
) -> None:
    log.newest = log.forgotten = 100
    with serve(resumable_events.app) as (address, _), stream(address, last) as response:
        shown = frames(response)
        next(shown)
        assert next(shown) == "event: reset\ndata: {}\nid: 100"
        add(address, "one")
        assert next(shown).endswith("id: 101")


@pytest.mark.parametrize("last", ["x", "1.5", "", "9" * 5000])
def test_an_id_that_is_no_number_is_a_422(log: CutLog, last: str) -> None:
    headers = {"Last-Event-ID": last}
    response = TestClient(resumable_events.app).get("/events", headers=headers)
    assert response.status_code == 422


def test_a_burst_longer_than_the_log_resets_a_client_that_waits(log: CutLog) -> None:
    async def listen() -> list[tuple[str | None, str | None]]:
        stream = resumable_events.events()
        await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for number in range(1, 8):
            await log.add(str(number))
        seen = [await waiting, *[await anext(stream) for _ in range(3)]]
        return [(event.event, event.id) for event in seen]

    assert asyncio.run(listen()) == [
        ("reset", "4"),
        (None, "5"),
        (None, "6"),
        (None, "7"),
    ]


def test_a_client_that_reads_too_slowly_is_reset(log: CutLog) -> None:
    async def read() -> list[str | None]:
        stream = resumable_events.events(0)
        await anext(stream)
        await log.add("1")
        first = await anext(stream)
        for number in range(2, 8):
            await log.add(str(number))
        return [first.event, (await anext(stream)).event]

    assert asyncio.run(read()) == [None, "reset"]


def test_a_silent_stream_ends_too(
    log: CutLog, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumable_events, "LONGEST", 0.1)
    with serve(resumable_events.app) as (address, _), stream(address) as response:
        assert len(list(frames(response))) == 1


def test_a_growing_key_can_appear_after_a_larger_one(database: Database) -> None:
    database.execute("CREATE TABLE events (id SERIAL PRIMARY KEY)")
    insert = "INSERT INTO events DEFAULT VALUES"
    with database.connect() as slow:
        with slow.transaction():
            slow.execute(insert)
            database.execute(insert)
            assert database.execute("SELECT id FROM events WHERE id > 0") == [(2,)]
        assert database.execute("SELECT id FROM events WHERE id > 2") == []
        assert database.execute("SELECT id FROM events ORDER BY id") == [(1,), (2,)]


def test_xread_does_not_tell_that_entries_were_trimmed(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url, decode_responses=True) as store:
        first: Any = store.xadd("events", {"text": "0"})
        for number in range(1, 10):
            store.xadd("events", {"text": str(number)}, maxlen=3, approximate=False)
        ((_, entries),) = cast(Any, store.xread({"events": first}))
        assert [entry["text"] for _, entry in entries] == ["7", "8", "9"]
        oldest: Any = store.xrange("events", count=1)
        assert [int(part) for part in oldest[0][0].split("-")] > [
            int(part) for part in first.split("-")
        ]


def test_an_id_of_a_redis_stream_is_two_numbers_and_not_compared_as_text(
    redis_url: str,
) -> None:
    with redis.Redis.from_url(redis_url, decode_responses=True) as store:
        for number in ("1-9", "1-10"):
            store.xadd("numbers", {"text": number}, id=number)
        ((_, entries),) = cast(Any, store.xread({"numbers": "1-9"}))
    assert [name for name, _ in entries] == ["1-10"]  # though "1-10" < "1-9"


def test_a_finite_stream_without_ids_cannot_be_resumed() -> None:
    client = TestClient(stream_with_an_end.app)
    again = client.get("/answer", headers={"Last-Event-ID": "1"})
    assert again.text == client.get("/answer").text
    assert "id:" not in again.text


def test_the_memory_of_the_log_is_bounded(log: CutLog) -> None:
    async def fill() -> None:
        for number in range(10):
            await log.add(str(number))

    asyncio.run(fill())
    assert [number for number, _ in log.events] == [8, 9, 10]
    assert log.forgotten == 7


def test_the_headers_forbid_caches_and_buffers(log: CutLog, serve: Any) -> None:
    with serve(resumable_events.app) as (address, _), stream(address) as response:
        headers = response.headers
    assert headers["Content-Type"].startswith("text/event-stream")
    assert headers["Cache-Control"] == "no-cache"
    assert headers["X-Accel-Buffering"] == "no"


def test_fastapi_pings_an_idle_stream(
    log: CutLog, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fastapi.sse._PING_INTERVAL == 15  # seconds
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.1)
    with serve(resumable_events.app) as (address, _), stream(address) as response:
        shown = frames(response)
        next(shown)
        assert [next(shown), next(shown)] == [": ping", ": ping"]


def test_a_comment_of_the_generator_is_a_line_that_browsers_ignore() -> None:
    app = FastAPI()

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(comment="ping")

    assert TestClient(app).get("/events").text == ": ping\n\n"


def test_pings_keep_a_stream_alive_through_nginx_which_cuts_a_silent_one(
    log: CutLog, serve: Any, nginx: Nginx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.1)
    app = FastAPI()
    app.include_router(resumable_events.app.router)

    @app.get("/events/silent")
    async def silent() -> StreamingResponse:
        async def nothing() -> AsyncIterator[str]:
            yield "first\n"
            await asyncio.sleep(PATIENCE)

        return StreamingResponse(nothing())

    with serve(app) as (address, _):
        lines = f"proxy_read_timeout 1s; location / {{ proxy_pass {address}; }}"
        with nginx(lines) as front, stream(front) as response:
            shown = frames(response)
            next(shown)
            url = f"{front}/events/silent"
            with pytest.raises(httpx2.RemoteProtocolError):  # after a second
                httpx2.get(url, timeout=PATIENCE)
            add(address, "later")
            rest = next(frame for frame in shown if frame != ": ping")
    assert "later" in rest


def test_a_client_that_leaves_ends_the_generator(serve: Any) -> None:
    ended = threading.Event()
    app = FastAPI()

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[ServerSentEvent]:
        try:
            yield ServerSentEvent(retry=1)
            await asyncio.sleep(PATIENCE * 2)
        finally:
            ended.set()

    with serve(app) as (address, _):
        with stream(address) as response:
            next(frames(response))
        assert ended.wait(PATIENCE)


def test_a_client_that_leaves_while_an_event_waits_is_a_broken_resource_error() -> None:
    app = FastAPI()
    ended = list[str]()

    @app.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[ServerSentEvent]:
        try:
            while True:
                yield ServerSentEvent(data="waits")
        finally:
            ended.append("ended")

    async def leave() -> None:
        writing = asyncio.Event()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                writing.set()
                await asyncio.sleep(PATIENCE)  # the client does not read

        async def receive() -> Any:
            await writing.wait()
            for _ in range(100):  # until the buffers of FastAPI are full
                await asyncio.sleep(0)
            return {"type": "http.disconnect"}

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/events",
            "query_string": b"",
            "headers": [],
        }
        await app(scope, receive, send)

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(leave())
    assert caught.group_contains(BrokenResourceError)
    assert ended == ["ended"]


def test_queues_without_ids_lose_what_nobody_heard(serve: Any) -> None:
    with serve(wrong_without_ids.app) as (address, _):
        add(address, "lost")
        with stream(address, "1") as response:
            for _ in range(1000):
                httpx2.get(f"{address}/docs")  # gives the stream time to begin
                if wrong_without_ids.queues:
                    break
            add(address, "heard")
            frame = next(frames(response))
    assert json.loads(frame.removeprefix("data: ")) == {"text": "heard"}


def served(app: FastAPI, html: str, seen: list[str | None]) -> FastAPI:
    """Return ``app`` beside a page for the browser; ``seen`` gets the IDs of its requests."""
    whole = FastAPI()

    @whole.middleware("http")
    async def note(request: Request, call_next: Any) -> Response:
        if request.url.path in {"/events", "/answer"} and request.method == "GET":
            seen.append(request.headers.get("last-event-id"))
        response: Response = await call_next(request)
        return response

    whole.get("/", response_class=HTMLResponse)(lambda: html)
    whole.include_router(app.router)
    return whole


@pytest.mark.site
def test_a_browser_reconnects_and_misses_nothing(
    log: CutLog, serve: Any, in_browser: Any
) -> None:
    seen = list[str | None]()
    html = (FOLDER / "events.html").read_text()
    app = served(resumable_events.app, html, seen)
    app.post("/cut")(log.break_connection)

    def visit(page: Any, address: str) -> list[str]:
        page.goto(address)
        page.wait_for_function("() => source.readyState === EventSource.OPEN")
        add(address, "one")
        page.locator("li").nth(0).wait_for()
        httpx2.post(f"{address}/cut", timeout=PATIENCE)
        page.wait_for_function("() => source.readyState === EventSource.CONNECTING")
        add(address, "two", "three")
        page.locator("li").nth(2).wait_for()
        texts: list[str] = page.locator("li").all_inner_texts()
        return texts

    with serve(app) as (address, _):
        assert in_browser(lambda page: visit(page, address)) == ["one", "two", "three"]
    assert seen == [None, "1"]


ANSWER = """<script>
  const words = []
  const source = new EventSource("/answer")
  source.onmessage = ({data}) => words.push(data)
  source.addEventListener("done", () => source.close())
</script>"""


@pytest.mark.site
def test_a_browser_repeats_a_stream_that_ends_without_a_sign(
    serve: Any, in_browser: Any
) -> None:
    def visit(page: Any, address: str, done: str) -> Any:
        page.goto(address)
        page.wait_for_function(done)
        return page.evaluate("() => words")

    app = served(wrong_without_an_end.app, ANSWER, [])
    done = "() => words.length >= 6"
    with serve(app) as (address, _):
        words = in_browser(lambda page: visit(page, address, done))
    assert words[:6] == ["To", "be", "continued"] * 2
    app = served(stream_with_an_end.app, ANSWER, [])
    done = "() => source.readyState === EventSource.CLOSED"
    with serve(app) as (address, _):
        words = in_browser(lambda page: visit(page, address, done))
    assert words == ["To", "be", "continued"]


class Broken:
    """Words that end in an error, each time that somebody asks for them."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)

    def __iter__(self) -> Iterator[str]:
        self.asked.release()
        yield "To"
        raise LookupError


def test_a_stream_that_fails_has_an_end_too(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_with_an_end, "WORDS", Broken())
    with serve(stream_with_an_end.app) as (address, _):
        text = httpx2.get(f"{address}/answer", timeout=PATIENCE).text
    assert text.split("\n\n") == [
        "data: To",
        'event: done\ndata: {"complete": false}',
        "",
    ]


@pytest.mark.site
def test_a_browser_repeats_a_stream_that_fails_without_an_end(
    serve: Any, in_browser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = Broken()
    monkeypatch.setattr(wrong_without_an_end, "WORDS", words)
    app = FastAPI()
    app.get("/")(lambda: HTMLResponse(ANSWER))
    app.include_router(wrong_without_an_end.app.router)

    def visit(page: Any, address: str) -> list[bool]:
        page.goto(address)
        page.wait_for_function("() => source.readyState === EventSource.CONNECTING")
        return [words.asked.acquire(timeout=PATIENCE) for _ in range(2)]

    with serve(app) as (address, _):
        assert in_browser(lambda page: visit(page, address)) == [True, True]


@pytest.mark.site
@pytest.mark.parametrize("status", [204, 503])
def test_a_browser_gives_up_where_the_status_is_not_200(
    serve: Any, in_browser: Any, status: int
) -> None:
    app = FastAPI()
    app.get("/answer")(lambda: Response(status_code=status))

    def visit(page: Any, address: str) -> None:
        page.goto(address)
        page.wait_for_function("() => source.readyState === EventSource.CLOSED")

    seen = list[str | None]()
    with serve(served(app, ANSWER, seen)) as (address, _):
        in_browser(lambda page: visit(page, address))
    assert seen == [None]


def test_two_clients_get_each_event(log: CutLog, serve: Any) -> None:
    with (
        serve(resumable_events.app) as (address, _),
        stream(address) as one,
        stream(address) as other,
    ):
        both = [frames(one), frames(other)]
        for shown in both:
            next(shown)
        add(address, "for both")
        for shown in both:
            assert "for both" in next(shown)
