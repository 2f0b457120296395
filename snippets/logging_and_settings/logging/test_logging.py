import asyncio
import gc
import logging
import logging.config
import logging.handlers
import queue
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi.testclient import TestClient

from snippets.conftest import run_pytest
from snippets.logging_and_settings.logging import (
    existing_loggers,
    quoted_values,
    to_a_file,
    workers_file,
    wrong_existing_loggers,
    wrong_forged_line,
    wrong_workers_file,
)

PLAIN = r"^[\d-]+ [\d:,]+ "


UVICORN = ("-m", "uvicorn", "main:app", "--port", "{port}")


# --- The program


def test_own_lines_and_those_of_uvicorn_have_one_format(
    start: Any, recorded: Any
) -> None:
    server = start("own_lines.py", *UVICORN)
    assert [server.get(path).status_code for path in ("/stock/tea", "/stock/milk")] == [
        200,
        404,
    ]
    assert server.get("/price/milk").status_code == 500
    text = server.stop()
    assert re.search(PLAIN + "ERROR uvicorn.error: Exception in ASGI", text, re.M)
    assert re.search(r"^KeyError: 'milk'$", text, re.M)
    lines = re.findall(PLAIN + r".*(?:main: |access: ).*$", text, re.M)
    shown = re.sub(PLAIN, "2026-11-29 12:00:00,000 ", "\n".join(lines), flags=re.M)
    recorded("own_lines.txt", re.sub(r"127.0.0.1:\d+", "127.0.0.1:52114", shown))
    assert not re.search(r"^(?:INFO|ERROR):  ", text, re.M)  # Uvicorn's own format
    assert "HTTPException" not in text


def test_each_worker_configures_itself(start: Any) -> None:
    server = start("own_lines.py", *UVICORN, "--workers", "2")
    both = r"(?:[\d-]+ [\d:,]+ INFO uvicorn.error: Started server process[\s\S]*){2}"
    assert server.wait_for(both)


@pytest.mark.parametrize("command", [("run", "--workers", "2"), ("dev",)])
def test_processes_that_the_fastapi_command_starts_configure_themselves(
    start: Any, command: tuple[str, ...]
) -> None:
    options = ("main.py", "--host", "127.0.0.1", "--port", "{port}", *command[1:])
    server = start("own_lines.py", "-m", "fastapi", command[0], *options)
    assert server.wait_for(PLAIN + "INFO uvicorn.error: Application startup complete")


def test_fastapi_run_shows_own_lines_and_sets_uvicorns_loggers_up_again(
    start: Any,
) -> None:
    command = ("-m", "fastapi", "run", "main.py", "--host", "127.0.0.1")
    server = start("own_lines.py", *command, "--port", "{port}")
    assert server.get("/stock/tea").status_code == 200
    text = server.stop()
    assert re.search(PLAIN + "INFO main: stock of 'tea' asked for", text, re.M)
    assert re.search(r"^INFO:     127.*GET /stock/tea", text, re.M)


def test_with_an_entrypoint_fastapi_run_leaves_the_last_word_to_the_module(
    start: Any, tmp_path: Path
) -> None:
    entrypoint = '[tool.fastapi]\nentrypoint = "main:app"\n'
    (tmp_path / "pyproject.toml").write_text(entrypoint, encoding="utf-8")
    options = ("--host", "127.0.0.1", "--port", "{port}")
    server = start("own_lines.py", "-m", "fastapi", "run", *options)
    assert server.get("/stock/tea").status_code == 200
    access = PLAIN + "INFO uvicorn.access: .*GET /stock/tea"
    assert re.search(access, server.stop(), re.M)


def test_uvicorn_run_with_the_application_sets_its_own_loggers_up_again(
    start: Any, tmp_path: Path
) -> None:
    script = "import uvicorn; from main import app; uvicorn.run(app, port={{port}}{})"
    texts = []
    for option in ("", ", log_config=None"):
        server = start("own_lines.py", "-c", script.format(option))
        assert server.get("/stock/tea").status_code == 200
        texts.append(server.stop())
    for text in texts:
        assert re.search(PLAIN + "INFO main: stock of 'tea' asked for", text, re.M)
    assert re.search(r"^INFO:     Started server", texts[0], re.M)
    assert re.search(PLAIN + "INFO uvicorn.error: Started server", texts[1], re.M)


# --- Why a line is not shown


def test_without_a_handler_info_is_not_shown_whatever_log_level_says(
    start: Any,
) -> None:
    server = start("wrong_no_handler.py", *UVICORN, "--log-level", "debug")
    assert server.get("/").status_code == 200
    text = server.stop()
    assert "this line is not shown" not in text
    assert "\nthis line is shown, without time and name\n" in text


def test_the_program_takes_the_logger_of_errors_back_to_the_level_of_the_root(
    start: Any,
) -> None:
    server = start("own_lines.py", *UVICORN, "--log-level", "warning")
    assert server.get("/stock/tea").status_code == 200
    assert re.search(
        PLAIN + "INFO uvicorn.error: Application startup", server.stop(), re.M
    )


def test_the_program_undoes_no_access_log_until_the_level_turns_it_off(
    start: Any, tmp_path: Path
) -> None:
    off = """
from main import app, logging
from contextlib import asynccontextmanager

@asynccontextmanager
async def lifespan(app):
    logging.getLogger("uvicorn.access").setLevel("WARNING")
    yield

app.router.lifespan_context = lifespan
"""
    (tmp_path / "off.py").write_text(off, encoding="utf-8")
    shown = []
    for program in ("main:app", "off:app"):
        command = ("-m", "uvicorn", program, "--port", "{port}", "--no-access-log")
        server = start("own_lines.py", *command)
        assert server.get("/stock/tea").status_code == 200
        shown.append("uvicorn.access: " in server.stop())
    assert shown == [True, False]


def test_uvicorns_own_configuration_names_its_loggers_and_not_the_root() -> None:
    config = uvicorn.config.LOGGING_CONFIG
    assert set(config["loggers"]) == {"uvicorn", "uvicorn.error", "uvicorn.access"}
    assert "root" not in config
    assert logging.getLevelName(logging.lastResort.level) == "WARNING"  # type: ignore[union-attr]


def test_basic_config_shows_own_lines_too_and_changes_nothing_the_second_time() -> None:
    code = """if True:
        import logging
        logging.basicConfig(level=logging.INFO, format="first %(message)s")
        logging.basicConfig(level=logging.DEBUG, format="second %(message)s")
        logging.getLogger("shop").info("tea")
        logging.getLogger("shop").debug("not shown")
        logging.basicConfig(level=logging.INFO, format="third %(message)s", force=True)
        logging.getLogger("shop").info("tea")"""
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert said.stderr == "first tea\nthird tea\n"


@pytest.mark.parametrize(
    ("setup", "lines"),
    [
        ("own.addHandler(StreamHandler())", 2),
        ("own.addHandler(StreamHandler()); own.propagate = False", 1),
        ("root.addHandler(StreamHandler())", 2),
        ("config(); config()", 1),
    ],
)
def test_a_line_appears_once_for_each_handler(setup: str, lines: int) -> None:
    code = f"""if True:
        from logging import INFO, StreamHandler, basicConfig, getLogger
        from logging.config import dictConfig
        root, own = getLogger(), getLogger("shop")
        basicConfig(level=INFO, format="%(message)s")
        def config():
            handlers = {{"console": {{"class": "logging.StreamHandler"}}}}
            settings = {{"level": "INFO", "handlers": ["console"]}}
            dictConfig({{"version": 1, "handlers": handlers, "root": settings,
                        "disable_existing_loggers": False}})
        {setup}
        own.info("tea")"""
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert said.stderr == "tea\n" * lines


def test_the_logger_of_uvicorn_is_silent_without_uvicorn() -> None:
    code = "import logging; logging.getLogger('uvicorn.error').info('tea')"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert said.stdout + said.stderr == ""


FACTORY = ("-m", "uvicorn", "main:main", "--factory", "--port", "{port}")


def test_existing_loggers_are_silent_if_nothing_says_otherwise(start: Any) -> None:
    assert "disable_existing_loggers" not in wrong_existing_loggers.LOGGING
    server = start("wrong_existing_loggers.py", *FACTORY)
    assert server.get("/").status_code == 500
    assert server.stop() == ""


def test_with_false_they_are_shown(start: Any) -> None:
    assert existing_loggers.LOGGING["disable_existing_loggers"] is False
    server = start("existing_loggers.py", *FACTORY)
    assert server.get("/").status_code == 500
    text = server.stop()
    assert "this line is shown" in text
    assert "ZeroDivisionError: this error is shown" in text


def test_a_logger_below_a_named_one_is_not_disabled() -> None:
    code = """if True:
        import logging, logging.config
        loggers = [logging.getLogger(name) for name in ("shop", "shop.orders", "other")]
        logging.config.dictConfig({"version": 1, "root": {}, "loggers": {"shop": {}}})
        print([logger.disabled for logger in loggers])"""
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert said.stdout == "[False, False, True]\n"


@pytest.mark.usefixtures("nothing_left")
def test_an_exception_in_a_task_that_nobody_awaits_is_logged_by_asyncio(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def scene() -> None:
        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        gc.collect()
        assert not [one for one in caplog.records if one.exc_info]
        del task
        gc.collect()

    asyncio.run(scene())
    (record,) = [one for one in caplog.records if one.exc_info]
    assert record.name == "asyncio"
    assert "never retrieved" in record.getMessage()


# --- A file


def rotating(path: Path) -> logging.Logger:
    """Return what one worker has: a logger with the handler of the page, made smaller."""
    options = {"maxBytes": 300, "backupCount": 2, "filename": str(path)}
    settings = wrong_workers_file.HANDLERS["file"] | options
    del settings["class"]
    logger = logging.Logger("worker")
    logger.addHandler(logging.handlers.RotatingFileHandler(**settings))
    return logger


def kept(folder: Path) -> int:
    return sum(len(file.read_text().splitlines()) for file in folder.iterdir())


def test_two_workers_that_rotate_one_file_lose_lines_that_one_worker_keeps(
    tmp_path: Path,
) -> None:
    counts = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        workers = [rotating(folder / "app.log") for _ in range(number)]
        for line in range(28):
            quiet = int(line % 4 == 0) if number == 2 else 0
            workers[quiet].warning("line %020d", line)
        for worker in workers:
            worker.handlers[0].close()
        counts.append(kept(folder))
    assert counts[0] == 28
    assert counts[1] < 20


def test_the_handler_of_the_page_writes_a_file_and_rotates_it(
    start: Any, tmp_path: Path
) -> None:
    server = start("to_a_file.py", *FACTORY)
    assert server.get("/").status_code == 200
    assert server.stop() == ""
    text = (tmp_path / "app.log").read_text(encoding="utf-8")
    assert re.search(PLAIN + "INFO main: somebody came", text, re.M)
    assert re.search(PLAIN + "INFO uvicorn.error: Application startup", text, re.M)
    handler = to_a_file.LOGGING["handlers"]["file"]
    assert (handler["maxBytes"], handler["backupCount"]) == (10_000_000, 5)


@pytest.mark.parametrize("right", [False, True])
def test_under_fastapi_dev_a_note_of_a_change_is_the_next_change(
    start: Any, tmp_path: Path, right: bool
) -> None:
    program = (Path(__file__).parent / "to_a_file.py").read_text(encoding="utf-8")
    entry = '"watchfiles": {"level": "WARNING"},'
    assert entry in program
    program = program if right else program.replace(entry, "")
    project = tmp_path / "project"
    project.mkdir()
    (project / "main.py").write_text(f"{program}\n\napp = main()\n", encoding="utf-8")
    command = "import os, sys; os.chdir('project'); os.execv(sys.argv[1], sys.argv[1:])"
    options = ("main.py", "--host", "127.0.0.1", "--port", "{port}")
    dev = (sys.executable, "-m", "fastapi", "dev", *options)
    server = start("to_a_file.py", "-c", command, *dev)
    assert server.get("/").status_code == 200
    with (project / "main.py").open("a", encoding="utf-8") as file:
        file.write("# one change\n")
    log = project / "app.log"
    wanted = ("startup complete", 2) if right else ("detected", 5)
    deadline = time.monotonic() + 30
    while log.read_text(encoding="utf-8").count(wanted[0]) < wanted[1]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    server.stop()
    assert ("watchfiles.main" in log.read_text(encoding="utf-8")) is not right


@pytest.mark.parametrize(("size", "kept"), [(-1, 50), (10, 10)])
def test_a_queue_handler_keeps_what_its_queue_takes_and_waits_for_nothing(
    monkeypatch: pytest.MonkeyPatch, size: int, kept: int
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(size)
    logger = logging.Logger("sends over the network")
    logger.addHandler(logging.handlers.QueueHandler(waiting))
    for number in range(50):  # while nobody reads
        logger.info("line %d", number)
    assert waiting.qsize() == kept


def test_a_line_of_a_logger_that_passes_it_on_is_printed_twice() -> None:
    code = """if True:
        import logging, sys
        logging.basicConfig(format="root %(message)s", level="INFO")
        logger = logging.getLogger("shop")
        logger.addHandler(logging.StreamHandler())
        logger.info("tea")
        logger.propagate = False
        logger.info("milk")"""
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert said.stderr == "tea\nroot tea\nmilk\n"


def test_httpx2_logs_the_query_at_info(caplog: pytest.LogCaptureFixture) -> None:
    transport = httpx2.MockTransport(lambda request: httpx2.Response(200))
    for level in ("INFO", "WARNING"):
        caplog.set_level(level, "httpx2")
        with httpx2.Client(transport=transport) as client:
            client.get("https://api.example.com/", params={"key": level})
    (line,) = [one for one in caplog.records if one.name == "httpx2"]
    assert "key=INFO" in line.getMessage()


def test_caplog_sees_an_info_line_after_set_level(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logger = logging.getLogger("shop")
    caplog.set_level("WARNING")
    logger.info("tea")
    assert caplog.messages == []
    caplog.set_level("INFO")
    logger.info("tea")
    assert caplog.messages == ["tea"]


@pytest.mark.parametrize("inside", [False, True])
def test_caplog_loses_its_handler_to_an_import_inside_the_test(
    tmp_path: Path, inside: bool
) -> None:
    program = (Path(__file__).parent / "own_lines.py").read_text(encoding="utf-8")
    (tmp_path / "main.py").write_text(program, encoding="utf-8")
    line = "from main import app"
    test = f"""
from fastapi.testclient import TestClient
{"" if inside else line}

def test_line(caplog):
    {line if inside else ""}
    caplog.set_level("INFO")
    TestClient(app).get("/stock/tea")
    assert "stock of 'tea' asked for" in caplog.messages
"""
    (tmp_path / "test_main.py").write_text(test, encoding="utf-8")
    said = run_pytest(tmp_path, "test_main.py")
    assert ("1 failed" if inside else "1 passed") in said.stdout, said.stdout


def test_a_watched_file_is_opened_again_after_somebody_moved_it(tmp_path: Path) -> None:
    settings = workers_file.HANDLERS["file"] | {"filename": str(tmp_path / "app.log")}
    assert settings.pop("class") == "logging.handlers.WatchedFileHandler"
    workers = [logging.Logger("worker") for _ in range(2)]
    for worker in workers:
        worker.addHandler(logging.handlers.WatchedFileHandler(**settings))
        worker.warning("before")
    (tmp_path / "app.log").rename(tmp_path / "app.log.1")  # what logrotate does
    for worker in workers:
        worker.warning("after")
        worker.handlers[0].close()
    assert (tmp_path / "app.log.1").read_text() == "before\nbefore\n"
    assert (tmp_path / "app.log").read_text() == "after\nafter\n"


def test_two_processes_that_append_to_one_file_keep_every_line_whole(
    tmp_path: Path,
) -> None:
    code = """if True:
        import logging.handlers, sys
        logger = logging.Logger("worker")
        logger.addHandler(logging.handlers.WatchedFileHandler("app.log"))
        for line in range(500):
            logger.warning("%s %s", sys.argv[1] * 200, line)"""
    workers = [
        subprocess.Popen([sys.executable, "-c", code, name], cwd=tmp_path)
        for name in "ab"
    ]
    assert [worker.wait(30) for worker in workers] == [0, 0]
    lines = (tmp_path / "app.log").read_text().splitlines()
    wanted = {f"{name * 200} {line}" for name in "ab" for line in range(500)}
    assert len(lines) == 1000
    assert set(lines) == wanted


# --- What a client writes into the log

FORGED = "tea\n2026-11-29 12:00:00,000 INFO shop: admin logged in"


def test_a_client_can_forge_a_line_that_the_quotes_of_r_prevent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    said = []
    for module in (wrong_forged_line, quoted_values):
        TestClient(module.app).post("/login", params={"name": FORGED})
        said.append(caplog.messages[-1].splitlines())
    assert said[0][1] == "2026-11-29 12:00:00,000 INFO shop: admin logged in"
    assert len(said[1]) == 1


def test_an_own_except_keeps_the_traceback_with_logger_exception(
    caplog: pytest.LogCaptureFixture,
) -> None:
    try:
        raise ZeroDivisionError("no price")
    except ZeroDivisionError:
        logging.getLogger("shop").exception("price of %r", "tea")
    assert "price of 'tea'\nTraceback (most recent call last)" in caplog.text
    assert "ZeroDivisionError: no price" in caplog.text
