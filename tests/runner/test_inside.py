"""What runs inside the interpreter, in CPython and in the interpreter of the browser."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from scripts.runner.files.build import folder
from scripts.runner.hosts import Host, browser, here
from scripts.runner.inside.exchanges.compare import as_exchange, view, views
from scripts.runner.inside.exchanges.outcome import Answer, Outcome
from scripts.runner.inside.exchanges.text import Request, requests, to_text
from scripts.runner.inside.teller import EACH, END, MOST
from scripts.runner.trials import ENDLESS, failure, told
from tests.runner.cases import APP, CASES, LIFESPAN, Case

BOTH = {"CPython": here, "browser": browser}
GREENLET = """import sys

sys.modules.setdefault("greenlet", None)
import sqlalchemy.ext.asyncio
"""
BLOCKED = f"""import time
{APP}@app.get("/slow")
async def slow():
    time.sleep(0.05)
    print("slow")


@app.get("/quick")
async def quick():
    print("quick")
"""
COUNTING = f"""{APP}seen = []


@app.get("/")
def read():
    seen.append(1)
    return len(seen)
"""


@pytest.fixture(scope="module", params=BOTH)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """Each interpreter, one after the other."""
    if request.param == "browser" and folder() is None:
        pytest.fail("the files for the browser are missing: run `make runner`", pytrace=False)
    with BOTH[request.param]() as host:
        yield host


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_program_may(host: Host, case: Case) -> None:
    events = host.run({"source": case.source, "name": "main.py", "asked": case.asked, "anew": True})
    assert case.told in told(events)


def run(host: Host, source: str, asked: str = "GET /", **more: Any) -> list[dict[str, Any]]:
    return host.run({"source": source, "name": "main.py", "asked": asked, **more})


def test_an_application_goes_on_until_it_is_another_one_or_is_to_begin_anew(host: Host) -> None:
    bodies = [told(run(host, COUNTING))[-1] for _ in range(2)]
    bodies.append(told(run(host, COUNTING, anew=True))[-1])
    bodies.append(told(run(host, f"{COUNTING}\n"))[-1])
    assert bodies == ["1", "2", "1", "1"]


def test_what_sqlalchemy_lacks_it_says_to_each_program(host: Host) -> None:
    said = [told(run(host, GREENLET, "", anew=True)) for _ in range(3)]
    assert all("requires that the Python 'greenlet'" in text for text in said)


def test_requests_are_sent_at_the_same_time_where_they_are_asked_for_so(host: Host) -> None:
    answers = [
        e["number"]
        for e in run(host, BLOCKED, "GET /slow\n&\nGET /quick")
        if e["event"] == "response"
    ]
    assert answers == [0, 1]  # the blocking call holds the second one up


def test_an_error_names_the_lines_of_the_program_alone(host: Host) -> None:
    source = f"{APP}@app.get('/')\ndef read():\n    return missing\n"
    error = next(event for event in run(host, source, anew=True) if event["event"] == "error")
    assert error["lines"] == [8]
    assert error["traceback"].startswith(
        'Traceback (most recent call last):\n  File "main.py", line 8'
    )


WAITS = f"""import asyncio
{APP}async def never():
    await asyncio.Event().wait()


@app.middleware("http")
async def timing(request, call_next):
    return await call_next(request)


@app.get("/")
async def read():
    await never()
"""
STARTED = """import asyncio


async def main():
    await asyncio.Event().wait()


asyncio.run(main())
"""
DEADLOCK = "DeadlockError: every task waits"


@pytest.mark.parametrize(
    ("source", "first", "last", "lines"),
    [
        ("def (\n", '  File "main.py", line 1\n    def (\n', "SyntaxError: ", [1]),
        (WAITS, 'Traceback (most recent call last):\n  File "main.py", ', DEADLOCK, [13, 18, 8]),
        (STARTED, 'Traceback (most recent call last):\n  File "main.py", ', DEADLOCK, [8, 5]),
    ],
    ids=["syntax error", "request that waits", "program that waits"],
)
def test_a_traceback_shows_the_readers_lines_and_none_of_what_runs_them(
    host: Host, source: str, first: str, last: str, lines: list[int]
) -> None:
    error = next(event for event in run(host, source, anew=True) if event["event"] == "error")
    assert error["traceback"].startswith(first)
    assert error["traceback"].splitlines()[-1].startswith(last)
    assert error["lines"] == lines
    assert not re.search(r"inside|runner|site-packages", error["traceback"])


ECHO = f"""from fastapi import WebSocket
{APP}@app.websocket("/echo")
async def echo(socket: WebSocket):
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    raise LookupError("gone")
"""
FAILS = f"""{APP}@app.get("/fails")
async def fails():
    print("called")
    raise LookupError("gone")
"""


@pytest.mark.parametrize("source", [ECHO, FAILS], ids=["web socket", "error"])
def test_all_that_a_run_gave_is_the_same_when_it_is_run_again(host: Host, source: str) -> None:
    given = told(run(host, source, "", anew=True))
    assert "LookupError: gone" in given
    asked = to_text(requests(given, is_recorded=True))
    more = {"recorded": given, "compared": ["whole"], "anew": True}
    assert run(host, source, asked, **more)[-1]["same"]
    assert not run(host, source, asked, **more | {"recorded": f"{given}\n."})[-1]["same"]


def test_what_a_program_prints_when_it_is_shut_down_is_none_of_the_next_ones(host: Host) -> None:
    ends = (
        "yield {'db': 1}\n    print('shut down')\n    logging.error('down')\n    raise LookupError"
    )
    life = f"import logging{LIFESPAN.replace('{body}', ends)}"
    assert "shut down" not in told(run(host, life, anew=True))
    events = run(host, "print('next')", "", anew=True)
    assert events.pop()["event"] == "result"
    assert {event["event"] for event in events} == {"printed"}
    assert "".join(event["text"] for event in events) == "next\n"


def test_what_a_server_runs_in_a_thread_is_told(host: Host) -> None:
    result = run(host, f"{APP}@app.get('/')\ndef read():\n    return 1\n", anew=True)[-1]
    assert result["threads"] is True


def test_a_run_leaves_nothing_behind(host: Host) -> None:
    run(
        host,
        "import logging, os\nos.environ['LEFT'] = '1'\nlogging.basicConfig(level='DEBUG')\n",
        "",
    )
    after = "import logging, os, sys\nprint('LEFT' in os.environ, logging.root.handlers)\n"
    assert told(run(host, after, "")) == "False []"


def test_files_lie_beside_a_program_and_are_gone_for_the_next_one(host: Host) -> None:
    source = "import os\nfrom snippets.a.b import c\nprint(c.X, sorted(os.listdir()))\n"
    files = {"templates/x.html": "<p>", "snippets/a/b/c.py": "X = 5\n"}
    assert told(run(host, source, "", files=files)) == "5 ['snippets', 'templates']"
    after = told(run(host, source, "", anew=True))
    assert "No module named 'snippets" in after


def test_no_more_of_an_output_is_told_than_a_page_can_show(host: Host) -> None:
    told_of = run(host, "for _ in range(50_000):\n    print('x')\n", "")
    assert len(told_of) < MOST / EACH + 10
    assert sum(len(event.get("text", "")) for event in told_of) < MOST
    assert told_of[-2]["text"].endswith(END)
    hurried = run(host, "while True:\n    print('x')\n", "", hurry=True)
    assert failure(hurried).startswith(ENDLESS)


RECORDED = """GET /items/1
200 OK  {"name": "tea"}

POST /items  {"name": "Chair"}
201 Created  {"name":"Chair"}
"""


def test_requests_are_read_from_a_recorded_text_and_written_as_text() -> None:
    found = requests(RECORDED, is_recorded=True)
    assert found == [Request("GET", "/items/1"), Request("POST", "/items", [], '{"name": "Chair"}')]
    assert requests(to_text(found)) == found
    assert ("content-type", "application/json") in found[1].sent_headers


def test_requests_at_the_same_time_are_kept_as_text() -> None:
    found = requests("GET /a\n&\nGET /b")
    assert [request.with_the_last for request in found] == [False, True]
    assert to_text(found) == "GET /a\n&\nGET /b"


def test_a_run_is_told_in_the_form_of_the_record_and_differs_where_it_says_something_else() -> None:
    answers = [Answer(200, [], b'{"name":"tea"}'), Answer(422, [], b'{"detail":[]}')]
    told = as_exchange(RECORDED, Outcome(answers=answers))
    assert told.startswith('GET /items/1\n200 OK  {"name": "tea"}\n\nPOST /items')
    assert told.endswith('422 Unprocessable Content  {"detail":[]}')


WIRE = """GET /me HTTP/1.1
Host: api.example.com

HTTP/1.1 200 OK
content-length: 16
vary: Origin

{"user":"alice"}"""


def test_headers_of_a_record_are_compared_and_others_are_not() -> None:
    headers = [("content-length", "16"), ("vary", "Origin"), ("x-more", "1")]
    same = as_exchange(WIRE, Outcome(answers=[Answer(200, headers, b'{"user":"alice"}')]))
    other = as_exchange(WIRE, Outcome(answers=[Answer(200, headers[:1], b'{"user":"bob"}')]))
    assert same == WIRE
    assert other.split("\n")[3:] == ["HTTP/1.1 200 OK", "content-length: 16", "", '{"user":"bob"}']


def test_a_text_without_a_request_is_compared_with_what_was_printed_and_with_the_body() -> None:
    outcome = Outcome(printed="one\n", answers=[Answer(200, [], b'{"a":1}')])
    assert views("one\n") == ["printed", "body", "error"]
    assert view("printed", "one\n", outcome) == "one"
    assert view("body", '{"a": 1}', outcome) == '{"a": 1}'
