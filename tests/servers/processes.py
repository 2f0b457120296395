"""Start a server's program for the tests on a free port, and stop it after them."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.setup.servers import Server

# How long a server may take on a busy machine before its tests give up.
PATIENCE = 120.0
HELD: deque[socket.socket] = deque(maxlen=20)  # those of ``free_port``


def programs_of(server: Server) -> Path:
    """Return where the programs of ``server`` are; else leave the test out, or let it fail in `make test`."""
    found = server.find()
    if not found:
        # `make test` has installed it; `make check` must do without on a machine that has none.
        refuse = pytest.fail if os.environ.get("REQUIRE_SERVERS") else pytest.skip
        refuse(f"this machine lacks {server.name}. {server.remedy}")
    return found


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on, and that nobody else is given meanwhile.

    A socket that does not listen holds it, since a server needs seconds until it asks for its port, and
    other tests ask for a free one in each of them. With ``SO_REUSEADDR``, which servers set as this socket
    does, Linux lets them bind a port that is held so where they name it, and gives it to nobody who does
    not. The last 20 ports are held, more than a test uses.
    """
    if len(HELD) == HELD.maxlen:
        HELD.popleft().close()
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    HELD.append(holder)
    return int(holder.getsockname()[1])


def accepts(port: int) -> bool:
    """Return whether somebody listens on the port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def running(
    command: Callable[[int], list[str]],
    log: Path,
    ready: Callable[[int], bool] = accepts,
    end: signal.Signals = signal.SIGTERM,
    **options: Any,
) -> Iterator[int]:
    """Start ``command(port)`` on a free port and yield the port; end the process after the block.

    ``ready(port)`` tells when the server answers, and ``end`` is the signal that stops it. ``log`` receives
    what it prints; its last lines stand in the failure where it does not start. ``options`` are those of
    ``subprocess.Popen``.
    """
    pause = threading.Event()
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for pytest, which stops the server
            **options,
        )
    try:
        for _ in range(int(PATIENCE / 0.02)):
            if process.poll() is not None:
                break
            if ready(port):
                yield port
                return
            pause.wait(0.02)
    finally:
        process.send_signal(end)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    lines = log.read_text(errors="replace").strip().splitlines()
    name = Path(command(0)[0]).name
    pytest.fail(f"{name} did not start.\n" + "\n".join(lines[-5:]), pytrace=False)
