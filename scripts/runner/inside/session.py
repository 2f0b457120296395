"""Runs what the page asks for: a program, requests to it, and the comparison with what was recorded."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import asdict
from types import ModuleType
from typing import Any

from .asgi.client import Emit, send, talk
from .asgi.lifespan import Lifespan
from .errors import failure
from .event_loop import threads
from .event_loop.clock import Clock
from .event_loop.loop import InlineLoop
from .exchanges.compare import compare
from .exchanges.outcome import Answer, Outcome, message
from .exchanges.suggest import suggested
from .exchanges.text import Request, requests, to_text
from .program import APP, Surroundings, application, has_app, load
from .teller import Teller, streams
from .tests import has_tests, run_tests


class Session:
    """One program at a time; its application lives until another program comes."""

    def __init__(self, emit: Emit) -> None:
        """Tell of all that happens by ``emit(kind, details)``."""
        self.emit, self.outcome = Teller(emit), Outcome()
        self.surroundings = Surroundings()
        self.source = ""
        self.module: ModuleType | None = None
        self.loop: InlineLoop | None = None
        self.lifespan: Lifespan | None = None

    def run(
        self,
        source: str,
        name: str,
        asked: str = "",
        recorded: str = "",
        compared: tuple[str, ...] = (),
        lines: tuple[int, int] | None = None,
        files: dict[str, str] | None = None,
        *,
        anew: bool = False,
        hurry: bool = False,
    ) -> Outcome:
        """Run a program, or go on with it, and send it what is ``asked``; tell of the result.

        Without a request, one is made to the first path operation, or to that in the ``lines`` that the page
        shows. In a ``hurry`` nothing sleeps. ``compared`` names what of the run the ``recorded`` text may
        hold, of which the best is told. ``files`` lie beside the program.
        """
        self.outcome, self.name = Outcome(), name
        self.emit.begin()
        threads.USED.clear()
        Clock.start(hurry=hurry)
        start = time.perf_counter()
        with streams(self.emit, self._keep), self._told():
            if anew or source != self.source or self.module is None:
                self._close()
                self.surroundings.enter(files or {})
                self.loop = InlineLoop()
                self.source, self.module = source, None
                if has_tests(source):
                    run_tests(source, name)
                else:
                    self.module = load(source, name)
            if self.module and has_app(source):
                self._ask(requests(asked) or self._suggested(lines))
        result: dict[str, Any] = {"milliseconds": round(1000 * (time.perf_counter() - start))}
        if threads.USED:
            result["threads"] = True
        if compared:
            result |= compare(compared, recorded, self.outcome)
        self.emit("result", result)
        return self.outcome

    def _suggested(self, lines: tuple[int, int] | None) -> list[Request]:
        assert self.module is not None
        request = suggested(vars(self.module)[APP], lines)
        self.emit("asked", {"text": to_text([request])})
        return [request]

    def _ask(self, asked: list[Request]) -> None:
        assert self.module is not None
        assert self.loop is not None
        app = application(self.module)
        if self.lifespan is None:
            self.lifespan = Lifespan(app, self.loop)
            self.lifespan.start()
        self.outcome.asked = to_text(asked)
        number = 0
        while asked:
            group = [asked.pop(0)]
            while asked and asked[0].with_the_last:
                group.append(asked.pop(0))
            if group[0].method == "WEBSOCKET":
                talk(app, group[0], self.lifespan.state, self._hear, self.loop)
                continue
            tasks = []
            for request in group:
                answer = Answer()
                self.outcome.answers.append(answer)
                sent = send(app, request, self.lifespan.state, number, self.emit, answer)
                tasks.append(self.loop.create_task(sent))
                number += 1
            for task in tasks:
                with self._told():
                    self.loop.pump(task.done)
                    task.result()

    def _hear(self, kind: str, details: dict[str, Any]) -> None:
        """Tell of a message of a WebSocket, and keep it."""
        self.outcome.messages.append(message(details))
        self.emit(kind, details)

    def _close(self) -> None:
        """Shut the last program down, and forget it. What it tells then is none of the next one's."""
        loop, lifespan = self.loop, self.lifespan
        self.loop = self.lifespan = None
        with self.emit.silence():
            with self._told():
                if lifespan:
                    lifespan.stop()
            if loop:
                loop.finish()
        self.outcome = Outcome()
        self.surroundings.restore()

    def _keep(self, text: str) -> None:
        self.outcome.printed += text

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Tell of an exception of the program, and go on."""
        try:
            yield
        except BaseException as error:  # noqa: BLE001  # SystemExit too
            self.outcome.failure = failure(error, self.name)
            self.emit("error", asdict(self.outcome.failure))
