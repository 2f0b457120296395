import asyncio
import io
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, FastAPI, File, UploadFile
from fastapi.testclient import TestClient
from PIL import Image

from snippets.uploads_and_streams.saving_uploads import (
    path_for_later,
    save_upload,
    wrong_client_name,
    wrong_closed_file,
    wrong_whole_file,
)

Recorder = Callable[[str, str], None]
# More than fits into the memory that Starlette spools a file in.
LARGE = b"x" * (2 * 1024 * 1024)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder `uploads` of the programs, below a temporary one."""
    uploads = tmp_path / "uploads"
    for module in (save_upload, path_for_later, wrong_client_name):
        monkeypatch.setattr(module, "FOLDER", uploads)
    return uploads


def send(app: FastAPI, path: str, name: str, content: bytes = b"content") -> Any:
    return TestClient(app, raise_server_exceptions=False).post(
        path, files={"file": (name, content)}
    )


def test_the_file_is_saved_as_it_was_sent(folder: Path) -> None:
    for content in (b"", b"\xff\x00", LARGE):
        response = send(save_upload.app, "/files", "a.png", content)
        assert response.status_code == 201
        assert (folder / response.json()["name"]).read_bytes() == content


def test_the_answer_is_the_name_that_the_server_chose(
    folder: Path, monkeypatch: pytest.MonkeyPatch, recorded: Recorder
) -> None:
    number = "5a1c0f0e7d9b4c51a3c2f1de9b7a6c44"
    monkeypatch.setattr(save_upload, "uuid4", lambda: SimpleNamespace(hex=number))
    response = send(save_upload.app, "/files", "holiday.jpg")
    recorded(
        "saved.http", f"HTTP/1.1 {response.status_code} Created\n\n{response.text}"
    )
    assert (folder / f"{number}.jpg").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../outside.png",
        "/etc/outside.png",
        "..\\outside.png",
        "a/b/c.png",
        "x" * 300 + ".png",
        "a\x00b.png",
        "über.PNG",
    ],
)
def test_no_name_of_a_client_leaves_the_folder(folder: Path, name: str) -> None:
    response = send(save_upload.app, "/files", name)
    assert response.status_code == 201
    assert [path.name for path in folder.iterdir()] == [response.json()["name"]]
    assert [path.name for path in folder.parent.iterdir()] == ["uploads"]


@pytest.mark.parametrize("name", ["page.html", "noend", "..", ".png", "a.png.exe"])
def test_other_suffixes_are_refused(folder: Path, name: str) -> None:
    assert send(save_upload.app, "/files", name).status_code == 415
    assert not folder.exists()


def test_a_file_that_is_too_large_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(save_upload, "LARGEST", 10)
    assert send(save_upload.app, "/files", "a.png", b"x" * 10).status_code == 201
    assert send(save_upload.app, "/files", "a.png", b"x" * 11).status_code == 413


@pytest.mark.since(fastapi="0.164.0")
def test_max_body_size_refuses_a_body_by_its_length_before_it_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = list[bool]()
    monkeypatch.setattr(shutil, "copyfileobj", lambda *_: called.append(True))
    content = b"x" * (save_upload.LARGEST + 20_000)
    response = send(save_upload.app, "/files", "a.png", content)
    assert (response.status_code, response.text) == (413, "Content Too Large")
    assert not called
    pieces = (b"x" * 2**20 for _ in range(12))  # sent without Content-Length
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    client = TestClient(save_upload.app)
    assert client.post("/files", content=pieces, headers=headers).status_code == 413


@pytest.mark.since(fastapi="0.164.0")
def test_the_async_endpoint_refuses_a_body_above_its_limit_too(folder: Path) -> None:
    content = b"x" * (10 * 1024 * 1024)
    response = send(path_for_later.app, "/reports", "a.pdf", content)
    assert (response.status_code, response.text) == (413, "Content Too Large")
    assert not folder.exists()


def test_a_copy_that_fails_leaves_no_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Any, target: Any) -> None:
        target.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    for app, path in ((save_upload.app, "/files"), (path_for_later.app, "/reports")):
        assert send(app, path, "a.png").status_code == 500
        assert list(folder.iterdir()) == []


@pytest.mark.since(starlette="1.6.0")
def test_a_temporary_file_that_cannot_be_written_is_a_400(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert send(save_upload.app, "/files", "a.png").status_code == 201
    assert send(save_upload.app, "/files", "a.png", LARGE).status_code == 400
    assert len(list(folder.iterdir())) == 1


def test_two_files_of_one_name_are_two_files(folder: Path) -> None:
    for content in (b"first", b"second"):
        send(save_upload.app, "/files", "a.png", content)
    assert {path.read_bytes() for path in folder.iterdir()} == {b"first", b"second"}


def test_a_def_endpoint_and_run_in_threadpool_copy_in_a_thread(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = list[str]()
    real = shutil.copyfileobj

    def copy(source: Any, target: Any) -> None:
        threads.append(threading.current_thread().name)
        real(source, target)

    monkeypatch.setattr(shutil, "copyfileobj", copy)
    send(save_upload.app, "/files", "a.png")
    send(path_for_later.app, "/reports", "a.png")
    assert ["AnyIO worker thread" in name for name in threads] == [True, True]


def test_a_name_of_the_client_leads_out_of_the_folder(folder: Path) -> None:
    folder.mkdir()
    send(wrong_client_name.app, "/files", "../outside.py", b"print()")
    assert (folder.parent / "outside.py").read_bytes() == b"print()"
    absolute = folder.parent / "absolute.py"
    send(wrong_client_name.app, "/files", str(absolute), b"print()")
    assert absolute.read_bytes() == b"print()"


def test_a_repeated_name_of_the_client_replaces_the_file(folder: Path) -> None:
    folder.mkdir()
    for content in (b"first", b"second"):
        send(wrong_client_name.app, "/files", "a.png", content)
    assert [path.read_bytes() for path in folder.iterdir()] == [b"second"]


def test_write_bytes_of_await_read_holds_the_file_and_blocks_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = list[tuple[int, bool]]()

    class Target:
        def write_bytes(self, data: bytes) -> None:
            seen.append((len(data), asyncio.get_running_loop().is_running()))

    monkeypatch.setattr(wrong_whole_file, "PATH", Target())
    assert send(wrong_whole_file.app, "/report", "a.pdf", LARGE).is_success
    assert seen == [(len(LARGE), True)]


@pytest.mark.parametrize("size", [10, len(LARGE)])
def test_work_that_outlives_the_response_finds_a_closed_file(size: int) -> None:
    async def gone_on() -> None:
        await turn.wait()

    with pytest.MonkeyPatch.context() as patch:
        app = wrong_closed_file.app
        patch.setattr(wrong_closed_file, "wait_for_turn", gone_on)

        @app.post("/turn")
        async def take_turn() -> str:
            turn.set()
            [task] = wrong_closed_file.tasks
            wrong_closed_file.tasks.clear()
            error = (await asyncio.gather(task, return_exceptions=True))[0]
            return f"{type(error).__name__}: {error}"

        turn = asyncio.Event()
        with TestClient(app) as client:
            files = {"file": ("a.pdf", b"x" * size)}
            assert client.post("/reports", files=files).status_code == 202
            text = client.post("/turn").json()
        app.router.routes.pop()
    assert text in {
        "ValueError: I/O operation on closed file.",
        "ValueError: read of closed file",
    }
    assert ("read of" in text) == (size > 1024 * 1024)


def test_a_background_task_still_finds_the_file_open() -> None:
    read = list[bytes]()
    app = FastAPI()

    async def task(file: UploadFile) -> None:
        read.append(await file.read())

    @app.post("/files")
    def receive(file: UploadFile, tasks: BackgroundTasks) -> None:
        tasks.add_task(task, file)

    send(app, "/files", "a.png", b"content")
    assert read == [b"content"]


def test_a_path_can_be_handed_to_work_that_goes_on(folder: Path) -> None:
    response = send(path_for_later.app, "/reports", "a.pdf", LARGE)
    path = folder / response.json()["name"]
    assert path.read_bytes() == LARGE
    assert path.with_suffix(".txt").read_text() == f"{len(LARGE)} bytes"


def test_bytes_hold_the_whole_file_and_a_list_several_files() -> None:
    app = FastAPI()

    @app.post("/bytes")
    def receive_bytes(file: Annotated[bytes, File()]) -> int:
        return len(file)

    @app.post("/files")
    def receive_files(file: list[UploadFile]) -> int:
        return len(file)

    client = TestClient(app)
    large = [("file", ("a.pdf", b"x" * 2_000_000))]
    assert client.post("/bytes", files=large).json() == 2_000_000
    assert client.post("/files", files=large * 2).json() == 2


def test_a_second_read_gives_nothing_until_seek() -> None:
    app = FastAPI()

    @app.post("/files")
    async def read_twice(file: UploadFile) -> list[int]:
        sizes = [len(await file.read()), len(await file.read())]
        await file.seek(0)
        return [*sizes, len(await file.read())]

    assert send(app, "/files", "a.png", b"12345").json() == [5, 0, 5]


def test_the_content_type_is_what_the_client_says() -> None:
    app = FastAPI()

    @app.post("/files")
    def look(file: UploadFile) -> str | None:
        return file.content_type

    files = {"file": ("a.png", b"<script>", "image/png")}
    assert TestClient(app).post("/files", files=files).json() == "image/png"


def test_an_image_can_take_a_thousand_times_the_memory_of_its_file() -> None:
    file = io.BytesIO()
    Image.new("RGB", (3000, 3000)).save(file, "PNG")
    file.seek(0)
    with Image.open(file) as image:
        assert image.size == (3000, 3000)  # known before it is decoded
        assert len(image.tobytes()) > 1000 * len(file.getvalue())


@pytest.mark.since(starlette="1.6.0")
def test_a_client_that_leaves_does_not_reach_the_endpoint_and_leaves_no_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = list[Any]()
    real = tempfile.SpooledTemporaryFile

    def spooled(**options: Any) -> Any:
        opened.append(real(**options))
        return opened[-1]

    monkeypatch.setattr("starlette.formparsers.SpooledTemporaryFile", spooled)
    start = (
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    )
    messages = iter(
        [
            {"type": "http.request", "body": start + LARGE, "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    sent = list[Any]()

    async def receive() -> Any:
        return next(messages)

    async def send_message(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/files",
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=B")],
    }
    asyncio.run(save_upload.app(scope, receive, send_message))
    assert sent[0]["status"] == 400
    assert [file.closed for file in opened] == [True]
    assert not folder.exists()


@pytest.mark.needs(shutil.which("curl"), "curl")
def test_the_command_sends_a_file(folder: Path, tmp_path: Path, serve: Any) -> None:
    (tmp_path / "holiday.jpg").write_bytes(LARGE)
    script = Path(__file__).with_name("upload.sh").read_text().splitlines()
    with serve(save_upload.app) as (address, _):
        command = script[1].replace("http://127.0.0.1:8000", address)
        subprocess.run(shlex.split(command), cwd=tmp_path, check=True, timeout=30)
    assert [path.read_bytes() for path in folder.iterdir()] == [LARGE]
