"""A program of a page, started as its reader starts it."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from snippets.conftest import PATIENCE, free_port


class Started:
    """The process of a program, saved as ``main.py``, and what it has printed."""

    def __init__(
        self, folder: Path, program: Path, *command: str, **variables: str
    ) -> None:
        shutil.copy(program, folder / "main.py")
        self.log = folder / "log.txt"
        self.port = free_port()
        with self.log.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, *(part.format(port=self.port) for part in command)],
                cwd=folder,
                stdout=file,
                stderr=file,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **variables},
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        """Return what the process has printed so far."""
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the output holds a pattern."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if match := re.search(pattern, self.text, re.M):
                return match
            time.sleep(0.01)
        raise AssertionError(f"{pattern} is not in: {self.text}")

    def get(self, path: str, method: str = "GET", **options: Any) -> httpx2.Response:
        """Ask the program, as soon as it listens."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                url = f"http://127.0.0.1:{self.port}{path}"
                return httpx2.request(method, url, timeout=PATIENCE, **options)
            except httpx2.ConnectError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"nothing listens: {self.text}") from None
                time.sleep(0.05)

    def stop(self) -> str:
        """Stop the process, and return all that it has printed."""
        self.process.terminate()
        self.process.wait(PATIENCE)
        return self.text

    def kill(self) -> None:
        """End the process, if it still runs, and the workers that it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Return ``start(snippet, *command, **variables)``: the process of a program of the page."""
    with contextlib.ExitStack() as stack:

        def begin(snippet: str, *command: str, **variables: str) -> Started:
            program = request.path.parent / snippet
            started = Started(tmp_path, program, *command, **variables)
            stack.callback(started.kill)
            return started

        yield begin
