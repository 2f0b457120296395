"""What is told of a run while it goes on, and no more of it than a page can show."""

import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from typing import Any

from .event_loop.clock import Clock, OutOfTimeError

MOST = 100_000
"""Letters that are told of a run."""
EACH = 20
"""Letters that an event counts for besides its text: a page needs time for each."""
OUTPUT = ("printed", "body", "message")
END = "\n… what follows is not shown\n"


class Teller:
    """Tells of all that happens; of output, until it is too much."""

    def __init__(self, emit: Callable[[str, dict[str, Any]], None]) -> None:
        """Tell by ``emit(kind, details)``."""
        self.emit, self.left = emit, MOST
        self.is_silent = False

    def begin(self) -> None:
        """Begin a run."""
        self.left = MOST

    @contextlib.contextmanager
    def silence(self) -> Iterator[None]:
        """Tell nothing meanwhile: the run that it belongs to is over."""
        self.is_silent = True
        try:
            yield
        finally:
            self.is_silent = False

    def __call__(self, kind: str, details: dict[str, Any]) -> None:
        """Tell of an event."""
        if self.is_silent:
            return
        if kind in OUTPUT:
            if self.left <= 0 and Clock.is_in_a_hurry:
                raise OutOfTimeError("it tells more than a page can show")
            if self.left <= 0:
                return
            text = details["text"]
            self.left -= len(text) + EACH
            if self.left <= 0:
                details = {**details, "text": text[: max(0, len(text) + self.left)] + END}
        self.emit(kind, details)


class Printed(io.TextIOBase):
    """A stream that tells at once what is printed."""

    def __init__(
        self, teller: Teller, stream: str, keep: Callable[[str], None] = lambda text: None
    ) -> None:
        """Tell of a ``stream``, and ``keep`` what is written."""
        self.teller, self.stream, self.keep = teller, stream, keep

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Tell of ``text``."""
        if text:
            self.keep(text)
            self.teller("printed", {"stream": self.stream, "text": text})
        return len(text)


@contextlib.contextmanager
def streams(teller: Teller, keep: Callable[[str], None]) -> Iterator[None]:
    """Tell meanwhile of all that is printed, and ``keep`` what goes to the standard output."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Printed(teller, "stdout", keep), Printed(teller, "stderr")
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
