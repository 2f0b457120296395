"""Serve the site with live reload: ``python -m scripts.serve PORT``."""

import socket
import sys
from pathlib import Path
from typing import Any

from mkdocs.commands import serve
from mkdocs.commands.build import build
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import MkDocsException

from scripts import configure, publish

HOST = "127.0.0.1"


def build_complete(config: MkDocsConfig, **options: Any) -> None:
    """Build the site as published: with short links and the search index."""
    build(config, **options)
    publish.complete(Path(config.site_dir))


def main(port: int) -> int:
    """Serve on ``port`` until interrupted; return 1 where the port is taken or the site has faults."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            print(
                f"Port {port} is taken: stop what uses it, or run `make serve PORT={port + 1}`.",
                file=sys.stderr,
            )
            return 1
    if configure.main():
        return 1
    print(f"FastAPI Answers: http://{HOST}:{port}/ (press Ctrl+C to stop)", flush=True)
    # Hooks would do the same, but no other engine has them.
    vars(serve)["build"] = build_complete
    try:
        serve.serve("site.yml", dev_addr=f"{HOST}:{port}", livereload=True)
    except MkDocsException as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
