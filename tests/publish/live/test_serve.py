"""What the server says and shows while an author writes."""

import logging
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import MkDocsException

from scripts.catalogue.files.problems import Problem, Problems
from scripts.project import ROOT
from scripts.publish import complete
from scripts.publish.live import builder, serve
from scripts.publish.live.faults import FaultServer, Heard
from tests.servers.processes import free_port

PATIENCE = 200  # seconds until a server that does not come up fails the test, on a busy machine


def read(address: str) -> str:
    """Return the page at ``address``, or an empty string while no server answers."""
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as response:
            text: str = response.read().decode()
            return text
    except urllib.error.HTTPError as error:  # it has a page of its own
        return error.read().decode()
    except OSError:
        return ""


def wait_for(address: str, text: str) -> None:
    """Wait until the page at ``address`` holds ``text``; fail after ``PATIENCE`` seconds."""
    deadline = time.monotonic() + PATIENCE
    while text not in read(address):
        assert time.monotonic() < deadline, f"{address} does not show {text!r}"
        time.sleep(0.05)


def test_a_taken_port_gets_one_line_with_the_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as refused:
            serve.main(str(port))
    expected = f"Port {port} is taken: stop what uses it, or run `make serve PORT={port + 1}`."
    assert str(refused.value) == expected


@pytest.mark.parametrize("port", ["abc", "", "0", "80000", "-1", "8000 "])
def test_what_is_no_port_gets_one_line_with_the_remedy(port: str) -> None:
    with pytest.raises(SystemExit) as refused:
        serve.main(port)
    remedy = "take a number from 1 to 65535, as in `make serve PORT=8001`."
    assert str(refused.value) == f"PORT={port} is no port: {remedy}"


def test_a_fault_that_an_edit_brings_is_found_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = Problem("docs/a.md", 3, "it is wrong", "Correct it.")
    monkeypatch.setattr(builder, "validate", lambda root, last: [problem])
    with pytest.raises(Problems) as told:
        builder.Builder()(MkDocsConfig())
    assert str(told.value) == "docs/a.md:3: it is wrong. Correct it."


def test_a_fault_that_stops_no_build_is_told_once_until_it_is_repaired(
    capsys: pytest.CaptureFixture[str],
) -> None:
    build = builder.Builder()
    for faults in (["a"], ["a", "b"], [], ["a"]):
        build.tell(faults)
    assert capsys.readouterr().out.split() == ["a", "b", "a"]


def answer(server: FaultServer, path: str) -> tuple[str, str]:
    """Return the status and the body of a page."""
    told: list[str] = []
    serve: Any = server._serve_request
    body = serve({"PATH_INFO": path}, lambda status, headers: told.append(status))
    text = b"".join(body).decode()
    getattr(body, "close", lambda: None)()  # a page is a file
    return told[0], text


def sys_exit() -> None:
    sys.exit(100)  # as the macros plugin does


def divide() -> None:
    divmod(1, 0)


HERE = "tests/publish/live/test_serve.py"


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (sys_exit, rf"{HERE}:\d+: SystemExit: 100"),
        (divide, rf"{HERE}:\d+: ZeroDivisionError: integer division or modulo by zero"),
        (
            lambda: compile("x =", str(ROOT / "a.py"), "exec"),
            r"a\.py:1: SyntaxError: invalid syntax",
        ),
        (lambda: (_ for _ in ()).throw(MkDocsException("MkDocs says it")), "MkDocs says it"),
        (lambda: refuse_with(Problem("a.md", 1, "<b>", "Do.")), r"a\.md:1: <b>\. Do\."),
    ],
)
def test_a_served_page_shows_the_fault_until_it_is_repaired(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broken: Callable[[], object], line: str
) -> None:
    (tmp_path / "index.html").write_text("<body>The page</body>", encoding="utf-8")
    builds: Iterator[Callable[[], object]] = iter([broken, lambda: None])
    server = FaultServer(lambda: next(builds)(), host="127.0.0.1", port=0, root=str(tmp_path))
    server.rebuild()
    assert re.fullmatch(f"{line}\n", capsys.readouterr().out)
    status, page = answer(server, "/")
    assert status == "500 Internal Server Error"
    assert re.search(f"<li>{line.replace('<b>', '&lt;b&gt;')}</li>", page)
    assert "livereload(" in page
    server.rebuild()
    assert answer(server, "/") == ("200 OK", "<body>The page</body>")
    server.server_close()


def refuse_with(problem: Problem) -> None:
    raise Problems([problem])


def test_of_what_the_engine_warns_of_the_place_is_told_and_no_alarm() -> None:
    file, link = "concurrency/await.md", "no-such-page.md"
    log = logging.getLogger("mkdocs.structure.pages")
    with Heard() as heard:
        log.warning("A 'dirty' build is being performed, this will likely lead to ...")
        log.warning(f"Doc file '{file}' contains a link '{link}', but the target is not found")
        log.warning("Something\nelse")
    assert heard.lines == [
        f"docs/{file}:1: the link '{link}' leads nowhere. Correct it.",
        "Something else",
    ]


def test_the_build_stops_at_what_the_security_policy_would_block(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = Problem("site/a/index.html", 3, "a script", "Remove it.")
    monkeypatch.setattr(complete, "complete", lambda site: None)
    monkeypatch.setattr(complete, "vanished", lambda found, root: [])
    monkeypatch.setattr(complete, "seal", lambda site: [problem])
    assert complete.main() == 1
    assert capsys.readouterr().err == "site/a/index.html:3: a script. Remove it.\n"


@pytest.fixture
def server(tree: Path, repository: Path) -> Iterator[str]:
    """Serve a copy of the tree, which tells what it does in a file beside it; return its address."""
    port = free_port()
    with tree.with_name(f"{tree.name}-told.txt").open("w", encoding="utf-8") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.publish.live.serve", str(port)],
            cwd=tree,
            stdout=told,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(PATIENCE)


SERVED = "docs/concurrency/blocking-the-event-loop.md"
SNIPPET = "snippets/concurrency/blocking_the_event_loop/wrong_blocking_call.py"

START = "# --8<-- [start:blocking]\n"


@pytest.mark.site
@pytest.mark.timeout(5 * PATIENCE)
def test_an_edit_shows_in_the_served_page_and_a_fault_until_it_is_repaired(
    tree: Path, server: str
) -> None:
    address = f"{server}concurrency/blocking-the-event-loop/"
    wait_for(address, "livereload(")
    # The script of the live reload is none that the security policy of the published pages allows.
    assert "Content-Security-Policy" not in read(address)
    foot = "{{ answer_foot() }}"
    macro = "there is no macro `anwser_foot`"
    for file, old, new, shown in (
        (SERVED, foot, f"An edited page.\n\n{foot}", "An edited page"),
        (SNIPPET, START, f"{START}# an edited line\n", "# an edited line"),
        (SERVED, foot, "{{ anwser_foot() }}", macro),
        (SERVED, "{{ anwser_foot() }}", foot, "An edited page"),
    ):
        path = tree / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        wait_for(address, shown)
    seconds = re.sub(
        r"\d+\.\d", "N", tree.with_name(f"{tree.name}-told.txt").read_text(encoding="utf-8")
    )
    line = next(n for n, text in enumerate(path.read_text("utf-8").splitlines(), 1) if foot in text)
    told = [text for text in seconds.splitlines() if not text.startswith("FastAPI Answers: ")]
    assert [text.partition(". ")[0] for text in told] == [
        f"{SERVED}: rebuilt in N s.",
        f"{SNIPPET}: rebuilt in N s.",
        f"{SERVED}:{line}: {macro}",
        f"{SERVED}: rebuilt in N s.",
    ]
