"""An nginx in front of a test's own server, with the lines of configuration that the answer shows."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import pytest

from scripts.setup.servers import NGINX
from tests.servers.processes import programs_of, running

CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{http}
  server {{
    listen 127.0.0.1:{port};
{server}
  }}
}}
"""


class Nginx(Protocol):
    """``nginx(server, http)`` runs nginx with the lines of a ``server`` block and of ``http``."""

    def __call__(self, server: str, http: str = "") -> AbstractContextManager[str]:
        """Return a context manager that gives the address, for example ``http://127.0.0.1:40001``."""


@pytest.fixture
def nginx(tmp_path: Path) -> Nginx:
    """Return ``nginx(server, http="")``, a context manager that runs nginx and gives its address."""
    program = programs_of(NGINX)

    @contextlib.contextmanager
    def run(server: str, http: str = "") -> Iterator[str]:
        file = tmp_path / "nginx.conf"

        def command(port: int) -> list[str]:
            file.write_text(
                CONFIGURATION.format(folder=tmp_path, port=port, server=server, http=http)
            )
            return [str(program), "-c", str(file), "-p", str(tmp_path), "-e", "stderr"]

        with running(command, tmp_path / "nginx.log") as port:
            yield f"http://127.0.0.1:{port}"

    return run
