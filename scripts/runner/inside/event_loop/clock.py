"""The time of a run: all loops have one clock, which goes forward where nobody wants to wait."""

import time

LIMIT = 10.0
"""Seconds of a run in the page."""


class OutOfTimeError(BaseException):
    """Raised in a hurry where a program waits longer than the page would let it."""


class Clock:
    """The time of all loops. In a hurry nobody waits: the clock goes forward instead."""

    skipped, limit = 0.0, 0.0
    is_in_a_hurry = False
    wait = staticmethod(time.sleep)

    @classmethod
    def start(cls, *, hurry: bool) -> None:
        """Begin a run."""
        cls.is_in_a_hurry, cls.limit = hurry, cls.skipped + LIMIT

    @classmethod
    def sleep(cls, seconds: float) -> None:
        """Wait, in place of ``time.sleep``."""
        if cls.is_in_a_hurry:
            cls.skipped += max(0.0, seconds)
            if cls.skipped > cls.limit:
                raise OutOfTimeError(f"it would go on after {LIMIT:.0f} s")
        else:
            cls.wait(seconds)
