"""Interpreters that run jobs one after the other: the browser's, under Node, and the one that runs this."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scripts.project import ROOT
from scripts.releases.environment import CommandError
from scripts.runner.files.build import RUNNER, folder, node

BOOT = ROOT / "docs" / "assets" / "run" / "boot.js"
HERE = [sys.executable, "-W", "ignore", "-m", "scripts.runner.here"]
PATIENCE = 30.0
"""Seconds in which something has to be heard of a job."""
Event = dict[str, Any]


class Host:
    """A process that reads jobs and tells of events; it is started anew where a job does not end."""

    def __init__(self, command: Sequence[str | Path]) -> None:
        """Run jobs by ``command``."""
        self.command = command
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start when the first job comes."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    def stop(self) -> None:
        """End the process, whatever it does."""
        if self.process:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe:
                    pipe.close()
            self.reader.join()
            self.folder.cleanup()
        self.process = None

    def start(self) -> None:
        """Start the process; raise ``CommandError`` where it does not get ready."""
        pipe = subprocess.PIPE
        self.folder = tempfile.TemporaryDirectory()  # programs may write
        self.process = subprocess.Popen(
            self.command,
            cwd=self.folder.name,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.events: queue.Queue[Event | None] = queue.Queue()
        self.reader = threading.Thread(target=self.listen, args=[self.process, self.events])
        self.reader.start()
        if self.next_event(10 * PATIENCE) is None:
            raise CommandError(f"{self.command[0]} does not start")

    @staticmethod
    def listen(process: subprocess.Popen[str], events: "queue.Queue[Event | None]") -> None:
        """Take in what the process tells, and at the end ``None``."""
        for line in process.stdout or ():
            if line.startswith('{"event"'):
                events.put(json.loads(line))
        events.put(None)

    def next_event(self, seconds: float = PATIENCE) -> Event | None:
        """Return the next event, or ``None`` where none comes any more."""
        try:
            return self.events.get(timeout=seconds)
        except queue.Empty:
            return None

    def run(self, job: dict[str, Any]) -> list[Event]:
        """Return all events of a job; the last is a ``result``, or ``hang`` where it did not end."""
        if self.process is None:
            self.start()
        assert self.process
        assert self.process.stdin
        self.process.stdin.write(f"{json.dumps(job)}\n")
        self.process.stdin.flush()
        events = list[Event]()
        while not events or events[-1]["event"] != "result":
            event = self.next_event()
            if event is None:
                self.stop()
                return [*events, {"event": "hang"}]
            events.append(event)
        return events


def browser() -> Host:
    """Return the browser's interpreter; raise ``CommandError`` where its files have not been made."""
    files = folder()
    if files is None:
        raise CommandError("the files for the browser are missing: run `make runner`")
    return Host([node(), RUNNER / "host.mjs", files, BOOT])


def here() -> Host:
    """Return the interpreter that runs this, with the same way of running programs."""
    return Host(HERE)
