"""Serve the site with live reload: ``python -m scripts.publish.live.serve PORT``."""

import logging
import socket
import sys

from mkdocs.commands import serve

from scripts.publish import configure
from scripts.publish.live.builder import Builder
from scripts.publish.live.faults import FaultServer, told
from scripts.validation.rules import Stage

HOST = "127.0.0.1"


def port_of(text: str) -> int:
    """Return the port that ``text`` names; exit with one line where it names none that is free."""
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        sys.exit(
            f"PORT={text} is no port: take a number from 1 to 65535, as in `make serve PORT=8001`."
        )
    port = int(text)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            sys.exit(f"Port {port} is for administrators: run `make serve PORT=8000`.")
        except OSError:
            other = port + 1 if port < 65_535 else port - 1
            sys.exit(f"Port {port} is taken: stop what uses it, or run `make serve PORT={other}`.")
    return port


def main(text: str) -> int:
    """Serve on the port ``text`` until interrupted; return 1 where the site cannot be built at all."""
    port = port_of(text)
    if configure.main(last=Stage.FINDINGS):
        return 1
    print(f"FastAPI Answers: http://{HOST}:{port}/ (press Ctrl+C to stop)", flush=True)
    logging.getLogger("mkdocs.livereload").setLevel(logging.ERROR)  # a missing icon is no news
    # Hooks would do the same, but no other engine has them.
    vars(serve).update(build=Builder(), LiveReloadServer=FaultServer)
    try:
        serve.serve("site.yml", dev_addr=f"{HOST}:{port}", livereload=True, watch=["data"])
    except KeyboardInterrupt:
        return 0
    except Exception as error:  # noqa: BLE001  # whatever keeps the site from being built
        print(told(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
