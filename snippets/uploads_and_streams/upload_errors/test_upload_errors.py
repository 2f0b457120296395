import asyncio
import codecs
import io
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, FastAPI, Form, Request, UploadFile
from fastapi.responses import HTMLResponse
from fastapi.testclient import TestClient
from playwright.sync_api import Page
from starlette.types import Message, Receive, Scope, Send

from snippets.uploads_and_streams.upload_errors import (
    client,
    larger_fields,
    plain_forms,
    receive_file,
    wrong_client,
)

Recorder = Callable[[str, str], None]
FOLDER = Path(__file__).parent
FILE = {"file": ("a.txt", b"1")}
MEBIBYTE = 1024 * 1024


def post(path: str = "/files", **body: Any) -> Any:
    return TestClient(receive_file.app).post(path, **body)


def declare_a_file() -> None:
    @FastAPI().post("/files")
    def receive(file: UploadFile) -> None: ...


@pytest.fixture
def without_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without the package python-multipart, and without multipart."""
    for name in ("python_multipart", "multipart", "multipart.multipart"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def other_multipart(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with the package multipart, which is one module of that name."""
    module = ModuleType("multipart")
    module.__dict__["__version__"] = "2.0.1"
    monkeypatch.setitem(sys.modules, "multipart", module)
    monkeypatch.delitem(sys.modules, "multipart.multipart", raising=False)


def test_without_python_multipart_the_declaration_fails(
    without_parser: None, recorded: Recorder
) -> None:
    with pytest.raises(RuntimeError) as caught:
        declare_a_file()
    recorded("not_installed.txt", f"RuntimeError: {caught.value}")


def test_with_multipart_alone_the_declaration_fails(
    without_parser: None, other_multipart: None, recorded: Recorder
) -> None:
    with pytest.raises(RuntimeError) as caught:
        declare_a_file()
    recorded("other_package.txt", f"RuntimeError: {caught.value}")


def test_multipart_beside_python_multipart_does_no_harm(other_multipart: None) -> None:
    declare_a_file()
    assert post(files=FILE).json() == {"name": "a.txt", "size": 1}


def test_request_form_without_python_multipart_fails_in_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = FastAPI()

    @app.post("/form")
    async def read(request: Request) -> int:
        return len(await request.form())

    monkeypatch.setattr("starlette.requests.parse_options_header", None)
    message = "The `python-multipart` library must be installed to use form parsing."
    with pytest.raises(AssertionError, match=message):
        TestClient(app).post("/form", files=FILE)


@pytest.mark.parametrize(
    "body",
    [
        {"files": {"upload": ("a.txt", b"1")}},
        {"files": {"file[]": ("a.txt", b"1")}},
        {"json": {"file": "a.txt"}},
        {"content": b"1"},
        {"content": b"1", "headers": {"Content-Type": "text/plain"}},
        {"files": FILE, "headers": {"Content-Type": "application/json"}},
        {},
    ],
)
def test_no_part_of_that_name_is_field_required(body: dict[str, Any]) -> None:
    response = post(**body)
    assert response.status_code == 422
    [error] = response.json()["detail"]
    assert (error["type"], error["loc"]) == ("missing", ["body", "file"])


PART = '--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n1'
BOUNDARY = {"Content-Type": "multipart/form-data; boundary=B"}


def test_a_form_that_breaks_off_is_field_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "starlette.formparsers.SpooledTemporaryFile", lambda **_: io.BytesIO()
    )  # Starlette forgets to close it
    response = post(content=PART, headers=BOUNDARY)
    assert response.json()["detail"][0]["type"] == "missing"
    response = post(content=f"{PART}\r\n--B--\r\n", headers=BOUNDARY)
    assert response.json() == {"name": "a", "size": 1}


class FullDisk(io.BytesIO):
    """A temporary file for which there is no room."""

    def write(self, data: Any) -> int:
        raise OSError(28, "No space left on device")


def test_a_temporary_file_that_cannot_be_written_is_an_error_parsing_the_body(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        "starlette.formparsers.SpooledTemporaryFile", lambda **_: FullDisk()
    )
    response = post(files={"file": ("a.txt", b"1" * (MEBIBYTE + 1))})
    text = "There was an error parsing the body"
    assert (response.status_code, response.json()) == (400, {"detail": text})
    loud = [record for record in caplog.records if record.levelname != "INFO"]
    assert not loud


@pytest.mark.since(starlette="1.7.0")
def test_a_body_with_another_boundary_is_invalid_multipart_data() -> None:
    response = post(content=PART.replace("--B", "--C"), headers=BOUNDARY)
    text = "Invalid multipart data."
    assert (response.status_code, response.json()) == (400, {"detail": text})
    # Too long a header of a part gives the same text.
    long = PART.replace("--B\r\n", f"--B\r\nX-Note: {'a' * 100_000}\r\n", 1)
    response = post(content=long, headers=BOUNDARY)
    assert (response.status_code, response.json()) == (400, {"detail": text})


EMPTY = (
    '--B\r\nContent-Disposition: form-data; name="file"; filename=""\r\n'
    "Content-Type: application/octet-stream\r\n\r\n\r\n--B--\r\n"
)


@pytest.mark.since(fastapi="0.150.0")
def test_a_file_field_that_was_left_empty_is_missing_or_none() -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    response = post(content=EMPTY, headers=headers)
    assert response.json()["detail"][0]["type"] == "missing"
    app = FastAPI()

    @app.post("/files")
    def receive(file: UploadFile | None = None) -> bool:
        return file is None

    response = TestClient(app).post("/files", content=EMPTY, headers=headers)
    assert response.json() is True


def test_field_required_as_it_is_shown(recorded: Recorder) -> None:
    response = post(files={"upload": ("a.txt", b"1")})
    recorded("missing.json", response.text)


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"file": "a.txt"}},  # a form without the multipart encoding
        {"files": {"file": (None, b"1")}},  # a part without a file name
    ],
)
def test_text_in_place_of_a_file_is_expected_uploadfile(body: dict[str, Any]) -> None:
    response = post(**body)
    assert response.status_code == 422
    [error] = response.json()["detail"]
    assert error["msg"] == "Value error, Expected UploadFile, received: <class 'str'>"


def test_a_content_type_without_boundary_is_a_400(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"1")
    with TestClient(receive_file.app) as caller:
        response = wrong_client.send_file(caller, path)
        assert response.status_code == 400
        assert response.json() == {"detail": "Missing boundary in multipart."}
        response = client.send_file(caller, path)
        assert response.json() == {"name": "a.txt", "size": 1}


def test_the_client_that_sets_no_header_sends_a_boundary() -> None:
    request = httpx2.Request("POST", "http://test/", files=FILE)
    assert "; boundary=" in request.headers["Content-Type"]


def test_a_text_part_above_a_mebibyte_is_a_400() -> None:
    for size, status in ((MEBIBYTE, 422), (MEBIBYTE + 1, 400)):
        response = post(files={"file": (None, b"1" * size)})
        assert response.status_code == status
    assert response.json() == {"detail": "Part exceeded maximum size of 1024KB."}
    assert post(files={"file": ("a.txt", b"1" * (MEBIBYTE + 1))}).status_code == 200


@pytest.mark.since(starlette="1.3.1")
def test_a_field_of_a_url_encoded_form_has_the_same_limit() -> None:
    response = post(data={"file": "1" * (MEBIBYTE + 1)})
    sent = response.request.headers["Content-Type"]
    assert sent == "application/x-www-form-urlencoded"
    assert response.json() == {"detail": "Field exceeded maximum size of 1024KB."}


@pytest.mark.since(fastapi="0.165.0")
def test_form_limits_let_a_larger_text_in() -> None:
    text = "1" * (3 * MEBIBYTE)
    with TestClient(larger_fields.app) as caller:
        for body in ({"files": {"text": (None, text)}}, {"data": {"text": text}}):
            response = caller.post("/articles", **body)
            assert response.json() == len(text)
        files = {"text": (None, "1" * (4 * MEBIBYTE + 1))}
        assert caller.post("/articles", files=files).status_code == 400
        files = {"text": (None, "1" * (6 * MEBIBYTE))}
        assert caller.post("/articles", files=files).status_code == 413


def test_more_than_a_thousand_files_are_a_400() -> None:
    response = post(files=[("file", ("a.txt", b"1"))] * 1001)
    text = "Too many files. Maximum number of files is 1000."
    assert (response.status_code, response.json()) == (400, {"detail": text})


def test_a_file_name_of_five_kilobytes_is_a_400() -> None:
    response = post(files={"file": ("a" * 5000, b"1")})
    assert response.status_code == 400


def form(*parts: tuple[str, bytes]) -> bytes:
    """Return a form whose parts have these parameters and texts."""
    head = b"--B\r\nContent-Disposition: form-data; "
    whole = (head + p.encode() + b"\r\n\r\n" + text + b"\r\n" for p, text in parts)
    return b"".join(whole) + b"--B--\r\n"


def named(codec: str) -> dict[str, str]:
    return {"Content-Type": f"multipart/form-data; boundary=B; charset={codec}"}


def test_the_client_names_the_codec_of_a_form() -> None:
    body = form(('name="file"; filename="b"', b"1")).replace(b'"b"', b'"\xc6"')
    for codec, name in (("cp1251", "\u0416"), ("cp1252", "\u00c6")):
        response = post(content=body, headers=named(codec))
        assert response.json() == {"name": name, "size": 1}


@pytest.fixture
def decoded() -> Iterator[list[tuple[str, int]]]:
    """What the codec `watched` was given, each with its thread."""
    seen: list[tuple[str, int]] = []

    def decode(data: Any, errors: str = "strict") -> tuple[str, int]:
        text = bytes(data).decode()
        seen.append((text, threading.get_ident()))
        return text, len(text)

    def search(name: str) -> codecs.CodecInfo | None:
        watched = codecs.CodecInfo(codecs.utf_8_encode, decode, name="watched")
        return watched if name == "watched" else None

    codecs.register(search)
    yield seen
    codecs.unregister(search)


def test_a_part_that_nobody_declared_is_decoded_on_the_event_loop_before_a_dependency(
    decoded: list[tuple[str, int]],
) -> None:
    async def on_the_loop() -> None:
        decoded.append(("dependency", threading.get_ident()))

    app = FastAPI(dependencies=[Depends(on_the_loop)])
    app.post("/files")(receive_file.receive_file)
    body = form(('name="other"', b"text"), ('name="file"; filename="a"', b"1"))
    TestClient(app).post("/files", content=body, headers=named("watched"))
    texts = [text for text, _ in decoded]
    assert texts == ["other", "text", "file", "a", "dependency"]
    assert len({thread for _, thread in decoded}) == 1


def test_unicode_escape_lets_half_a_surrogate_pair_through() -> None:
    app = FastAPI()

    @app.post("/notes")
    async def add(text: Annotated[str, Form()]) -> str:
        return text

    body = form(('name="text"', rb"\ud800"))
    for codec, status in (("utf-8", 200), ("unicode_escape", 500)):
        caller = TestClient(app, raise_server_exceptions=False)
        response = caller.post("/notes", content=body, headers=named(codec))
        assert response.status_code == status
    with pytest.raises(ValueError, match="surrogates not allowed"):
        TestClient(app).post("/notes", content=body, headers=named("unicode_escape"))


ORDINARY = "multipart/form-data; boundary=B"
FORM = form(('name="file"; filename="a"', b"1"))


@pytest.mark.parametrize(
    "kinds",
    [
        [f"{ORDINARY}; charset=utf-8"],
        [f"{ORDINARY};CHARSET=x"],
        [f"{ORDINARY}; charset*=utf-8''utf-8"],
        ['Multipart/Form-Data; charset = "x"; boundary=B'],
        [ORDINARY, f"{ORDINARY}; charset=x"],
        [f"{ORDINARY}; charset=x", ORDINARY],
        [ORDINARY, "text/plain; charset=x"],
    ],
)
def test_plain_forms_refuses_a_multipart_form_with_a_charset(kinds: list[str]) -> None:
    called: list[str] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        called.append(scope["type"])

    headers = [("Content-Type", kind) for kind in kinds]
    caller = TestClient(plain_forms.PlainForms(inner))
    assert caller.post("/", content=FORM, headers=headers).status_code == 415
    assert not called


def test_plain_forms_holds_for_a_mounted_application() -> None:
    app = FastAPI()
    app.add_middleware(plain_forms.PlainForms)
    app.mount("/inner", receive_file.app)
    for headers, status in ((BOUNDARY, 200), (named("utf-8"), 415)):
        path = "/inner/files"
        response = TestClient(app).post(path, content=FORM, headers=headers)
        assert response.status_code == status


def test_plain_forms_passes_an_ordinary_upload_and_json_with_a_charset() -> None:
    caller = TestClient(plain_forms.app)
    assert caller.post("/files", files=FILE).json() == {"name": "a.txt", "size": 1}
    headers = {"Content-Type": "application/json; charset=utf-8"}
    # It comes as far as the validation, since the endpoint wants a form.
    assert caller.post("/files", content="{}", headers=headers).status_code == 422


def test_plain_forms_passes_a_websocket_and_the_lifespan() -> None:
    called: list[str] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        called.append(scope["type"])

    async def nothing() -> Message:
        raise AssertionError

    async def refuse(message: Message) -> None:
        raise AssertionError(message)

    headers = [(b"content-type", named("x")["Content-Type"].encode())]
    for kind in ("websocket", "lifespan"):
        scope: Scope = {"type": kind, "headers": headers}
        asyncio.run(plain_forms.PlainForms(inner)(scope, nothing, refuse))
    assert called == ["websocket", "lifespan"]


def echo() -> FastAPI:
    """An application that answers with the Content-Type it got, and a page of forms."""
    app = FastAPI()

    @app.post("/files")
    async def kind(request: Request) -> str:
        return request.headers["Content-Type"]

    html = (FOLDER / "upload.html").read_text()
    app.get("/", response_class=HTMLResponse)(lambda: html)
    return app


def test_httpx2_names_no_charset() -> None:
    files = {"file": ("\u00e9.txt", b"1")}
    sent = TestClient(echo()).post("/files", files=files, data={"a": "\u00e9"})
    assert sent.json().startswith("multipart/form-data; boundary=")
    assert "charset" not in sent.json()


@pytest.mark.needs(shutil.which("curl"), "curl")
def test_curl_names_no_charset(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\u00e9")
    with serve(echo()) as (address, _):
        command = ["curl", "-sS", "-F", "file=@a.txt", "-F", "a=\u00e9"]
        sent = subprocess.run(
            [*command, f"{address}/files"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout
    assert sent.startswith('"multipart/form-data; boundary=')
    assert "charset" not in sent


def served(name: str) -> FastAPI:
    """Return the application of the page, with a page for the browser."""
    app = FastAPI()
    app.post("/files")(receive_file.receive_file)
    html = (FOLDER / name).read_text()
    app.get("/", response_class=HTMLResponse)(lambda: html)
    return app


def upload(page: Page, address: str, file: Path) -> str:
    page.goto(address)
    page.locator("input").set_input_files(file)
    page.locator("button").click()
    page.wait_for_function("() => document.querySelector('output').value")
    text: str = page.locator("output").evaluate("output => output.value")
    return text


@pytest.mark.site
def test_a_browser_uploads_a_file_of_3_mb(
    serve: Any, in_browser: Any, tmp_path: Path
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"1" * 3_000_000)
    with serve(served("upload.html")) as (address, _):
        text = in_browser(lambda page: upload(page, address, path))
    assert text == '{"name":"picture.png","size":3000000}'


@pytest.mark.site
def test_a_browser_with_a_content_type_of_its_own_gets_a_400(
    serve: Any, in_browser: Any, tmp_path: Path
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"1")
    with serve(served("wrong_upload.html")) as (address, _):
        text = in_browser(lambda page: upload(page, address, path))
    assert text == '{"detail":"Missing boundary in multipart."}'


def send_form(page: Page, address: str, attributes: str, file: Path) -> str:
    """Send ``file`` by an HTML form with these attributes; return the page that answers."""
    page.goto(address)
    page.set_content(
        f'<form action="/files" method="post" {attributes}>'
        '<input type="file" name="file"><button>'
    )
    page.locator("input").set_input_files(file)
    with page.expect_navigation():
        page.locator("button").click()
    return page.locator("body").inner_text()


MULTIPART = 'enctype="multipart/form-data"'


@pytest.mark.site
def test_an_html_form_needs_the_multipart_encoding(
    serve: Any, in_browser: Any, tmp_path: Path
) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"12")
    with serve(served("upload.html")) as (address, _):
        text = in_browser(lambda page: send_form(page, address, "", path))
        assert "Expected UploadFile, received: <class 'str'>" in text
        text = in_browser(lambda page: send_form(page, address, MULTIPART, path))
        assert text == '{"name":"picture.png","size":2}'


@pytest.mark.site
def test_a_browser_names_no_charset(
    serve: Any, in_browser: Any, tmp_path: Path
) -> None:
    path = tmp_path / "\u00e9.txt"
    path.write_bytes(b"1")
    other = f'{MULTIPART} accept-charset="windows-1252"'
    with serve(echo()) as (address, _):
        by_fetch = in_browser(lambda page: upload(page, address, path))
        by_form = in_browser(lambda page: send_form(page, address, other, path))
    for sent in (by_fetch, by_form):
        assert sent.startswith('"multipart/form-data; boundary=')
        assert "charset" not in sent
