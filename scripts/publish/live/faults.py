"""What is wrong with the site while it is served: told in a line with its place, and shown in the browser."""

import html
import logging
import re
import traceback
from collections.abc import Callable
from typing import Any

from mkdocs.exceptions import MkDocsException
from mkdocs.livereload import LiveReloadServer

from scripts.catalogue.files.problems import Problems
from scripts.catalogue.files.reading import text_of
from scripts.project import ROOT

# What MkDocs says of each partial build; `outdate` of builder.py sees to it that it is not so here.
UNTRUE = "A 'dirty' build is being performed"
LINK = re.compile(r"Doc file '(?P<file>[^']+)' contains (?:a|an [a-z ]+) link '(?P<link>[^']+)'")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The site has a fault</title>
<style>
body {{ max-width: 60rem; margin: 10vh auto; padding: 0 1rem; font: 1.1rem/1.5 system-ui, sans-serif; }}
li {{ margin: 1rem 0; overflow-wrap: anywhere; }}
</style></head>
<body><h1>The site has a fault</h1><ul>{faults}</ul><p>The pages are back as soon as it is repaired.</p>
</body></html>
"""


class Heard(logging.Handler):
    """Collects the warnings of the engine during a build, each with its place, in place of printing them."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note one."""
        message = " ".join(record.getMessage().split())
        if not message.startswith(UNTRUE):
            self.lines.append(placed(message))

    def __enter__(self) -> "Heard":
        """Listen."""
        logging.getLogger("mkdocs").addHandler(self)
        return self

    def __exit__(self, *error: object) -> None:
        """Listen no longer."""
        logging.getLogger("mkdocs").removeHandler(self)


def placed(message: str) -> str:
    """Return what MkDocs says of a link with the file and the line that hold it."""
    found = LINK.match(message)
    if not found:
        return message
    name = f"docs/{found['file']}"
    lines = text_of(ROOT, name).splitlines()
    number = next((n for n, line in enumerate(lines, 1) if f"({found['link']}" in line), 1)
    return f"{name}:{number}: the link {found['link']!r} leads nowhere. Correct it."


def told(error: BaseException) -> str:
    """Return what went wrong, a line for each fault, with file and line where they are this project's."""
    if isinstance(error, Problems | MkDocsException):
        return str(error)
    reason = " ".join(str(error).split()) or type(error).__name__
    places = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno))
        reason = error.msg
    own = [
        (file.removeprefix(f"{ROOT}/"), line)
        for file, line in places
        if file.startswith(f"{ROOT}/") and "/.venv/" not in file
    ]
    place = "{}:{}: ".format(*own[-1]) if own else ""
    return f"{place}{type(error).__name__}: {reason}"


class FaultServer(LiveReloadServer):
    """Shows what is wrong in place of each page, until it is repaired; the page reloads by itself."""

    def __init__(self, builder: Callable[[], object], **options: Any) -> None:
        """Rebuild by ``builder``, and survive whatever it raises."""
        self.fault = ""
        self.build = builder
        super().__init__(builder=self.rebuild, **options)

    def rebuild(self) -> None:
        """Build the site anew."""
        try:
            self.build()
            self.fault = ""
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever an edit brings, `sys.exit` of a plugin too
            self.fault = told(error)
            print(self.fault, flush=True)

    def _serve_request(self, environ: Any, start_response: Any) -> Any:
        """Answer a request for a page with the fault, if there is one."""
        path = environ["PATH_INFO"]
        if not self.fault or path.startswith("/livereload/") or not path.endswith(("/", ".html")):
            return super()._serve_request(environ, start_response)
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self.fault.splitlines())
        page = PAGE.format(faults=lines).encode()
        body = self._inject_js_into_html(page, self._visible_epoch)  # type: ignore[no-untyped-call]
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("500 Internal Server Error", headers)
        return [body]
