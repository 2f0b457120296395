"""A real server as a process of its own, for what is told by its command and its log."""

import contextlib
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
import uvicorn

from snippets.conftest import PATIENCE

COMMANDS = Path(sys.executable).parent


class Server:
    """A command that runs, and the lines that it has written so far."""

    def __init__(self, command: list[str], folder: Path, **environment: str) -> None:
        self.lines: list[str] = []
        self.more = threading.Condition()
        self.ended = False
        self.process = subprocess.Popen(
            [str(COMMANDS / command[0]), *command[1:]],
            cwd=folder,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1"} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        assert self.process.stdout
        arguments = (self.process.stdout,)
        self.reader = threading.Thread(target=self._read, args=arguments, daemon=True)
        self.reader.start()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            with self.more:
                self.lines.append(line.rstrip())
                self.more.notify_all()
        with self.more:
            self.ended = True
            self.more.notify_all()

    def count(self, pattern: str) -> int:
        return sum(bool(re.search(pattern, line)) for line in self.lines)

    def line(self, pattern: str, number: int = 1) -> re.Match[str]:
        """Wait until ``number`` lines match the pattern; return the last match."""

        def seen() -> bool:
            return self.ended or self.count(pattern) >= number

        with self.more:
            self.more.wait_for(seen, PATIENCE)
            found = [re.search(pattern, line) for line in self.lines]
        matches = [match for match in found if match]
        assert len(matches) >= number, "\n".join(self.lines)
        return matches[number - 1]

    def address(self) -> str:
        """Return the address that the log names, as soon as a worker has started."""
        self.line("Application startup complete")
        return self.line(r"running on (http://[\d.]+:\d+)")[1]

    def stop(self) -> int:
        """Stop it as a platform does, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.end()

    def end(self) -> int:
        """Wait until it has ended by itself, and return its exit code."""
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return code


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    """Return ``start(command, folder, **environment)``; whatever still runs is killed."""
    servers: list[Server] = []

    def run(command: list[str], folder: Path, **environment: str) -> Server:
        servers.append(Server(command, folder, **environment))
        return servers[-1]

    yield run
    for server in servers:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(PATIENCE)
        server.reader.join(PATIENCE)
        assert server.process.stdout
        server.process.stdout.close()


@pytest.fixture
def log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[list[str]]:
    """Return the lines that Uvicorn logs in this process, which keeps its own logging."""
    monkeypatch.setattr(uvicorn.Config, "configure_logging", lambda config: None)
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.levelname}: {record.getMessage()}")

    logger, handler = logging.getLogger("uvicorn.error"), Lines()
    logger.addHandler(handler)
    with caplog.at_level(logging.INFO, logger.name):
        yield lines
    logger.removeHandler(handler)
