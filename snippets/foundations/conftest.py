"""Servers that run a program as a reader would start it."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def gunicorn_serves(
    program: str, folder: Path, *options: str
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve the ``app`` of a program with Gunicorn; yield its port and its process.

    The program becomes ``main.py`` in ``folder``, where Gunicorn runs with ``options``. The socket
    listens before it starts, so nobody has to poll for readiness.
    """
    (folder / "main.py").write_text(program)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, descriptor = listener.getsockname()[1], listener.fileno()
        command = [sys.executable, "-m", "gunicorn", "main:app", *options]
        server = subprocess.Popen(
            [*command, "-b", f"fd://{descriptor}"],
            cwd=folder,
            pass_fds=[descriptor],
            stderr=subprocess.DEVNULL,
        )
        with server:
            try:
                yield port, server
            finally:
                server.terminate()
