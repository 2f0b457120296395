"""Fixtures of the checks of the whole site: the built site, a server for it, and a browser."""

import mimetypes
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright

from scripts.catalogue.answers import Catalogue, load
from scripts.catalogue.files.reading import CACHE
from scripts.project import ROOT, site_url
from scripts.setup.chromium import system_chromium
from scripts.validation.rules import names
from tests.site_pages import GZIPPED, file_of, sent

CHROMIUM_FLAGS = [
    "--no-sandbox",  # Chromium refuses to run as root with it
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = {"phone": (390, 844), "desktop": (1280, 900)}
TIMEOUT = 60_000  # milliseconds; bounds how long a broken test takes
expect.set_options(timeout=TIMEOUT)  # else 5 seconds, which a busy machine may need


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser tests last, apart from others of their file, and those that visit each page at the end.

    While Playwright is up, asyncio takes its event loop for the running one, and tests that start a
    loop of their own would fail in the same process. Many small groups at the end keep all processes busy.
    """

    def place(item: pytest.Item) -> int:
        names = getattr(item, "fixturenames", ())
        return ("browser" in names) + bool({"visit", "bare"} & set(names))

    for item in items:
        if place(item) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(f"browser {item.path.stem}"))
    items.sort(key=place)


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """All answers and topics."""
    return load()


@pytest.fixture(scope="session")
def site() -> Path:
    """Folder of the built site."""
    folder = ROOT / "site"
    if not (folder / "index.html").is_file():
        pytest.fail("site/ is not built: run `make build`", pytrace=False)
    return folder


def copy_project(folder: Path) -> None:
    """Copy the committed and uncommitted files of the project into ``folder``."""
    for name in names(ROOT):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the committed and uncommitted files of the project."""
    copy_project(tmp_path)
    return tmp_path


def make(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run make in ``cwd`` without the flags of an outer make."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def make_repository(folder: Path) -> Path:
    """Make ``folder`` a git repository, without a commit, and return it."""
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], cwd=folder, check=True)
    return folder


def keep_known(folder: Path) -> None:
    """Copy what took long to find out about the texts of the project, for its copy in ``folder``."""
    if CACHE.is_dir():
        shutil.copytree(CACHE, folder / CACHE.relative_to(ROOT))


@pytest.fixture
def repository(tree: Path) -> Path:
    """Return a copy of the project in a git repository, with what is known of its texts."""
    keep_known(tree)
    return make_repository(tree)


class Server(ThreadingHTTPServer):
    """A server of the built site that is silent when a browser goes away."""

    def __init__(self, site: Path, base: str) -> None:
        """Serve ``site`` under the path ``base`` on a free port."""
        self.site, self.base = site, base
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report errors other than a connection that the browser closed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Answer as GitHub Pages does: text gzipped, 404.html where there is no file."""

    server: Server
    protocol_version = "HTTP/1.1"  # connections are kept, as on GitHub Pages

    def do_GET(self) -> None:
        """Send one file."""
        address = unquote(urlsplit(self.path).path)
        below = address.startswith(self.server.base)
        found = file_of(self.server.site, address.removeprefix(self.server.base))
        path = found if below and found else self.server.site / "404.html"
        body = sent(path)
        self.send_response(200 if path == found else 404)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if path.suffix in GZIPPED:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep quiet."""


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """Address of the built site, served under its own path, with a slash at the end."""
    base = urlsplit(site_url()).path
    with Server(site, base) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}{base}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: the system's one, else Playwright's own."""
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(
                executable_path=system_chromium(), args=CHROMIUM_FLAGS
            )
        except Error as error:
            reason = error.message.splitlines()[0]
            pytest.fail(
                f"Chromium does not start: {reason}. Run `make test`, which installs it.",
                pytrace=False,
            )
        yield chromium
        chromium.close()


def resize(page: Page, width: str) -> None:
    """Make the window as wide as ``WIDTHS[width]``."""
    columns, rows = WIDTHS[width]
    page.set_viewport_size({"width": columns, "height": rows})


@contextmanager
def new_context(browser: Browser, width: str, *, scripts: bool = True) -> Iterator[BrowserContext]:
    """Open a window with an empty cache, as wide as ``WIDTHS[width]``, for a ``with`` block.

    It is no emulated phone on purpose: that would widen the page until everything fits.
    """
    columns, rows = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": columns, "height": rows}, java_script_enabled=scripts
    )
    context.set_default_timeout(TIMEOUT)
    try:
        yield context
    finally:
        # A handler that still answers a request fails when the window closes, and its error would
        # come out of whichever call of Playwright is next, in another test.
        for page in context.pages:
            page.unroute_all(behavior="ignoreErrors")
        context.unroute_all(behavior="ignoreErrors")
        context.close()
