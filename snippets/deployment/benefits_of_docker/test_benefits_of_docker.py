import hashlib
import os
import re
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent


class Index:
    """A folder of wheels that pip takes for the package index."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def publish(self, version: str, code: str = "") -> str:
        """Publish a version of the package `demo`; return the hash of its file."""
        wheel = self.folder / f"demo-{version}-py3-none-any.whl"
        info = f"demo-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as files:
            files.writestr("demo.py", code)
            for name, text in {
                "METADATA": f"Metadata-Version: 2.1\nName: demo\nVersion: {version}\n",
                "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                "RECORD": "",
            }.items():
                files.writestr(f"{info}/{name}", text)
        return hashlib.sha256(wheel.read_bytes()).hexdigest()

    def install(self, dockerfile: str, requirements: str) -> str:
        """Run the image's `pip install` for ``requirements``; return what pip says."""
        text = (HERE / dockerfile).read_text(encoding="utf-8").replace("\\\n", " ")
        found = re.search(r"^RUN pip ([^#\n]+)", text, re.M)
        assert found
        (self.folder / "requirements.txt").write_text(requirements, encoding="utf-8")
        result = subprocess.run(
            [
                *(sys.executable, "-m", "pip", *found[1].split()),
                *("--dry-run", "--ignore-installed", "--no-index"),
                *("--find-links", str(self.folder), "--disable-pip-version-check"),
            ],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": os.devnull},
            capture_output=True,
            text=True,
            check=False,
        )
        return result.stdout + result.stderr


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index(tmp_path)


def test_the_same_dockerfile_installs_another_version_after_a_release(
    tmp_path: Path,
) -> None:
    def build(releases: list[str]) -> str:
        index = Index(tmp_path / releases[-1])
        index.folder.mkdir()
        for version in releases:
            index.publish(version)
        return index.install("wrong_floating.Dockerfile", "demo>=1.0\n")

    with ThreadPoolExecutor() as pool:  # both at once: pip takes its time to start
        before, after = pool.map(build, [["1.0"], ["1.0", "1.1"]])
    assert "Would install demo-1.0" in before
    assert "Would install demo-1.1" in after


def test_with_a_lock_a_release_changes_nothing(index: Index) -> None:
    digest = index.publish("1.0")
    index.publish("1.1")
    lock = f"demo==1.0 --hash=sha256:{digest}\n"
    assert "Would install demo-1.0" in index.install("locked.Dockerfile", lock)


def test_with_a_lock_another_file_of_the_same_version_is_refused(index: Index) -> None:
    digest = index.publish("1.0")
    index.publish("1.0", code="print('something else')")
    lock = f"demo==1.0 --hash=sha256:{digest}\n"
    said = index.install("locked.Dockerfile", lock)
    assert "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE" in said


def test_a_lock_without_the_file_for_this_platform_is_refused_in_the_same_words(
    index: Index,
) -> None:
    index.publish("1.0")
    other = index.folder / "demo-1.0-py3-none-win_amd64.whl"
    other.write_bytes(b"for another platform")
    digest = hashlib.sha256(other.read_bytes()).hexdigest()
    said = index.install("locked.Dockerfile", f"demo==1.0 --hash=sha256:{digest}\n")
    assert "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE" in said


def test_require_hashes_refuses_a_requirement_that_is_not_pinned(index: Index) -> None:
    index.publish("1.0")
    said = index.install("locked.Dockerfile", "demo>=1.0\n")
    assert "all requirements must have their versions pinned with ==" in said


def test_uv_exports_versions_with_hashes(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "api"\nversion = "1"\nrequires-python = ">=3.11"\n'
        f'dependencies = ["demo @ {tmp_path.as_uri()}/demo-1.0-py3-none-any.whl"]\n'
    )
    Index(tmp_path).publish("1.0")
    script = (HERE / "lock.sh").read_text(encoding="utf-8")
    line = next(row for row in script.splitlines() if row.startswith("uv "))
    subprocess.run(
        [BIN / "uv", "--offline", *line.split()[1:], "--python", sys.executable],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "UV_CACHE_DIR": str(tmp_path / "cache")},
        check=True,
        capture_output=True,
    )
    exported = (tmp_path / "requirements.txt").read_text(encoding="utf-8")
    assert "demo" in exported
    assert re.search(r"--hash=sha256:[0-9a-f]{64}$", exported, re.M)


def test_a_file_that_was_added_later_is_exported_only_when_it_is_locked_again(
    tmp_path: Path,
) -> None:
    listed = ["x86_64"]
    index = Index(tmp_path)
    index.publish("1.0")
    content = (tmp_path / "demo-1.0-py3-none-any.whl").read_bytes()
    digest = hashlib.sha256(content).hexdigest()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            names = [f"demo-1.0-py3-none-manylinux_2_17_{cpu}.whl" for cpu in listed]
            page = "".join(f'<a href="{n}#sha256={digest}">{n}</a>' for n in names)
            wheel = self.path.endswith(".whl")
            body = content if wheel else page.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *arguments: object) -> None:
            pass

    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "api"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["demo"]\n'
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def uv(*arguments: str) -> None:
            address = f"http://127.0.0.1:{server.server_port}"
            subprocess.run(
                [
                    *(str(BIN / "uv"), "--no-cache", *arguments),
                    *("--default-index", address, "--python", sys.executable),
                ],
                cwd=tmp_path,
                env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"},
                check=True,
                capture_output=True,
            )

        def exported() -> int:
            script = (HERE / "lock.sh").read_text(encoding="utf-8")
            line = next(row for row in script.splitlines() if row.startswith("uv "))
            uv(*line.split()[1:])
            text = (tmp_path / "requirements.txt").read_text(encoding="utf-8")
            return text.count("--hash=sha256:")

        try:
            assert exported() == 1
            listed.append("aarch64")
            assert exported() == 1
            uv("lock", "--upgrade-package", "demo==1.0")
            assert exported() == 2
        finally:
            server.shutdown()


@pytest.mark.parametrize("name", ["locked.Dockerfile", "wrong_floating.Dockerfile"])
def test_hadolint_does_not_look_into_the_requirements(name: str) -> None:
    result = subprocess.run(
        [BIN / "hadolint", "--ignore=DL3042", HERE / name],
        capture_output=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, b"")


@pytest.mark.parametrize("name", ["lock.sh", "release.sh"])
def test_the_script_is_sound(name: str) -> None:
    found: Any = subprocess.run(
        [BIN / "shellcheck", HERE / name], capture_output=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, b"")


def test_going_back_frees_the_port_and_the_name_before_it_starts_the_old_version() -> (
    None
):
    script = (HERE / "release.sh").read_text(encoding="utf-8").replace("\\\n", " ")
    steps = [line.split() for line in script.splitlines() if line[:6] == "docker"]
    state = ""
    for verb in (step[1] for step in steps):
        if verb == "run":
            assert state == ""  # else: port is already allocated, name is in use
        state = {"run": "running", "stop": "stopped", "rm": ""}.get(verb, state)
    assert [step[-1][-5:] for step in steps if step[1] == "run"] == ["1.4.0", "1.3.2"]


def test_the_port_is_open_to_the_proxy_of_this_server_only_and_a_crash_is_not_the_end() -> (
    None
):
    script = (HERE / "release.sh").read_text(encoding="utf-8").replace("\\\n", " ")
    starts = [line.split() for line in script.splitlines() if "docker run" in line]
    assert [words[words.index("-p") + 1] for words in starts] == [
        "127.0.0.1:8000:8000"
    ] * len(starts)
    assert all("unless-stopped" in words for words in starts)


def test_docker_waits_longer_for_the_running_requests_than_uvicorn_does() -> None:
    image = (HERE.parent / "docker" / "Dockerfile").read_text(encoding="utf-8")
    uvicorn_waits = re.search(r'"--timeout-graceful-shutdown", "(\d+)"', image)
    assert uvicorn_waits
    script = (HERE / "release.sh").read_text(encoding="utf-8")
    docker_waits = [int(n) for n in re.findall(r"--stop-timeout (\d+)", script)]
    assert len(docker_waits) == script.count("docker run") == 2
    assert min(docker_waits) > int(uvicorn_waits[1])


@pytest.mark.parametrize("registry", ["away", "there"])
def test_the_running_version_is_stopped_only_after_the_other_one_is_pulled(
    tmp_path: Path, registry: str
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(
        '#!/bin/sh\necho "$1" >> "$LOG"\n[ "$1" != pull ] || [ "$REGISTRY" = there ]\n',
        encoding="utf-8",
    )
    docker.chmod(0o755)
    text = (HERE / "release.sh").read_text(encoding="utf-8")
    log = tmp_path / "log"
    subprocess.run(
        ["sh", "-c", text.partition("# another version")[2].partition("\n")[2]],
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "LOG": str(log),
            "REGISTRY": registry,
        },
        check=False,
    )
    called = log.read_text(encoding="utf-8").split()
    assert called[0] == "pull"
    assert ("stop" in called) is (registry == "there")
