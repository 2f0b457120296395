import inspect
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import uvicorn
import yaml
from fastapi import FastAPI, HTTPException, Request, UploadFile
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.testclient import TestClient
from fastapi_cli.cli import dev, run
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from snippets.deployment.docker import main

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
PATIENCE = 30.0  # how long right code may take on a busy machine
LINUX = sys.platform == "linux"
APP = (HERE / "main.py").read_text(encoding="utf-8")


def instruction(name: str, file: str = "Dockerfile") -> str:
    """Return the arguments of the last instruction ``name``, continued lines joined."""
    text = (HERE / file).read_text(encoding="utf-8")
    joined = re.sub(r"\\\n", "", text)
    found: str = re.findall(rf"^{name} (.*)$", joined, re.M)[-1]
    return found


def command(port: int) -> list[str]:
    """Return the image's CMD, with another port, as a list that can be run here."""
    words: list[str] = json.loads(instruction("CMD"))
    words[words.index("8000")] = str(port)
    return [str(BIN / words[0]), *words[1:]]


class Container:
    """A process started the way a container starts one: what runs in the image's folder."""

    def __init__(self, folder: Path, *words: str) -> None:
        (folder / "app").mkdir()
        (folder / "app" / "main.py").write_text(APP, encoding="utf-8")
        self.log = folder / "log.txt"
        self.own_namespace = words[0] == "unshare"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                words,
                cwd=folder,
                env={**os.environ, "DATABASE_URL": "postgresql://db/app"},
                stdout=log,
                stderr=log,
            )
        self.server = self.process.pid

    def ready(self) -> "Container":
        self.server = int(self.wait_for(r"Started server process \[(\d+)\]"))
        self.port = int(self.wait_for(r"running on http://[\d.]+:(\d+)"))
        return self

    def wait_for(self, pattern: str) -> str:
        """Return the first group of ``pattern`` as soon as it is logged."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if match := re.search(pattern, self.log.read_text()):
                return match[1]
            time.sleep(0.01)
        raise AssertionError(f"{pattern} is not in: {self.log.read_text()}")

    def answers(self) -> bool:
        with urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=PATIENCE) as got:
            return bool(got.status == 200)

    def stop(self) -> int:
        """Send SIGTERM to the main process alone, as `docker stop` does."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Any]:
    started: list[Container] = []

    def start(*words: str) -> Container:
        started.append(Container(tmp_path, *words))
        return started[-1].ready()

    yield start
    for one in started:
        one.process.kill()  # a namespace ends with the process that made it
        one.process.wait()
        server = one.process.pid if one.own_namespace else one.server
        if server != one.process.pid:
            with suppress(ProcessLookupError):
                os.kill(server, signal.SIGKILL)


@contextmanager
def serving(app: FastAPI, host: str) -> Iterator[int]:
    """Serve ``app`` on ``host``; give the port."""
    server = uvicorn.Server(uvicorn.Config(app, host=host, port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + PATIENCE
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def health_app(status: int) -> FastAPI:
    app = FastAPI()

    @app.get("/livez")
    async def livez() -> None:
        if status != 200:
            raise HTTPException(status)

    return app


def health_check(port: int, host: str = "127.0.0.1", proxy: str = "") -> int:
    """Run the image's HEALTHCHECK against ``host`` and ``port``; give its exit code."""
    words: list[str] = json.loads(instruction("HEALTHCHECK").partition(" CMD ")[2])
    code = words[2].replace("127.0.0.1:8000", f"{host}:{port}")
    clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    assert (words[:2], code != words[2]) == (["python", "-c"], True)
    return subprocess.run(
        [sys.executable, "-c", code],
        env=clean | ({"http_proxy": proxy} if proxy else {}),
        capture_output=True,
        check=False,
    ).returncode


# --- The files are what their linters and schemas demand.


def test_hadolint_has_no_objection_to_the_image() -> None:
    result = subprocess.run(
        [BIN / "hadolint", HERE / "Dockerfile"], capture_output=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, b"")


def test_hadolint_finds_tag_secret_and_shell_form_but_not_address_user_or_order(
    recorded: Any,
) -> None:
    result = subprocess.run(
        [BIN / "hadolint", "-f", "json", HERE / "wrong_image.Dockerfile"],
        capture_output=True,
        check=False,
    )
    found = {(one["code"], one["message"]) for one in json.loads(result.stdout)}
    recorded(
        "hadolint.txt", "\n".join(f"{code} {text}" for code, text in sorted(found))
    )


def test_the_compose_file_follows_the_specification() -> None:
    result = subprocess.run(
        [
            BIN / "check-jsonschema",
            "--builtin-schema=vendor.compose-spec",
            HERE / "compose.yaml",
        ],
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


def test_both_services_come_back_after_a_crash_and_the_application_is_no_superuser() -> (
    None
):
    compose = yaml.safe_load((HERE / "compose.yaml").read_text())
    services = compose["services"]
    assert {one["restart"] for one in services.values()} == {"unless-stopped"}
    # The image gives superuser power to POSTGRES_USER, which is postgres by default.
    assert "POSTGRES_USER" not in services["db"]["environment"]
    assert "//app:" in services["api"]["environment"]["DATABASE_URL"]
    sql = compose["configs"]["role"]["content"]
    assert "CREATE ROLE app LOGIN PASSWORD" in sql
    assert "SUPERUSER" not in sql
    [mounted] = services["db"]["configs"]
    assert mounted["target"].startswith("/docker-entrypoint-initdb.d/")


def test_the_user_of_the_database_may_read_the_script_that_makes_the_role() -> None:
    services = yaml.safe_load((HERE / "compose.yaml").read_text())["services"]
    [mounted] = services["db"]["configs"]
    assert mounted["mode"] == 0o444


def test_the_check_of_the_database_asks_as_the_role_that_exists() -> None:
    services = yaml.safe_load((HERE / "compose.yaml").read_text())["services"]
    words = services["db"]["healthcheck"]["test"]
    # Without -U it asks as root, the user in the container, and the server logs FATAL.
    assert words[words.index("-U") + 1] == "postgres"
    assert "POSTGRES_USER" not in services["db"]["environment"]


def test_the_gateway_of_the_compose_network_is_trusted_and_nothing_else() -> None:
    compose = yaml.safe_load((HERE / "compose.yaml").read_text())
    trusted = compose["services"]["api"]["environment"]["FORWARDED_ALLOW_IPS"]
    [network] = compose["networks"]["default"]["ipam"]["config"]
    assert trusted == network["gateway"]
    app = FastAPI()

    @app.get("/")
    async def seen(request: Request) -> str:
        return request.url.scheme

    asgi: Any = app
    schemes = []
    for peer in (trusted, "172.28.0.3"):
        proxied: Any = ProxyHeadersMiddleware(asgi, trusted_hosts=trusted)
        client = TestClient(proxied, client=(peer, 50000))
        schemes.append(client.get("/", headers={"X-Forwarded-Proto": "https"}).json())
    assert schemes == ["https", "http"]


def test_the_compose_file_waits_longer_than_uvicorn_does() -> None:
    services = yaml.safe_load((HERE / "compose.yaml").read_text())["services"]
    words = json.loads(instruction("CMD"))
    uvicorn_waits = int(words[words.index("--timeout-graceful-shutdown") + 1])
    compose_waits = int(services["api"]["stop_grace_period"].removesuffix("s"))
    assert uvicorn_waits < compose_waits
    assert compose_waits > 10  # Docker's default is shorter


def test_the_image_keeps_idle_connections_longer_than_traefik_and_a_load_balancer() -> (
    None
):
    words = json.loads(instruction("CMD"))
    found = uvicorn.main.make_context("uvicorn", words[1:]).params
    assert found["timeout_keep_alive"] > 90


def test_the_shown_docker_run_waits_longer_too_and_is_open_to_this_host_only() -> None:
    words = json.loads(instruction("CMD"))
    uvicorn_waits = int(words[words.index("--timeout-graceful-shutdown") + 1])
    text = (HERE / "run.sh").read_text().replace("\\\n", "")
    shown = shlex.split(text.splitlines()[-2])
    assert shown[:2] == ["docker", "run"]
    assert uvicorn_waits < int(shown[shown.index("--stop-timeout") + 1])
    assert shown[shown.index("-p") + 1] == "127.0.0.1:8000:8000"


@pytest.mark.parametrize("script", ["entrypoint.sh", "wrong_entrypoint.sh", "run.sh"])
def test_shellcheck_sees_no_difference_between_the_two_scripts(script: str) -> None:
    result = subprocess.run(
        [BIN / "shellcheck", HERE / script], capture_output=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, b"")


def test_the_build_context_holds_only_what_the_image_copies() -> None:
    lines = (HERE / "Dockerfile.dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    allowed = {line[1:] for line in patterns if line.startswith("!")}
    text = (HERE / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (?!--from)(\S+)", text, re.M))
    assert allowed == copied == {"requirements.txt", "app"}
    # The last line that fits decides, so secrets beside the code stand below the exceptions.
    assert patterns.index("**/.env*") > patterns.index("!app")


# --- The address


def test_fastapi_run_listens_on_every_address_and_uvicorn_and_fastapi_dev_do_not() -> (
    None
):
    hosts = {
        "fastapi run": inspect.signature(run).parameters["host"].default,
        "fastapi dev": inspect.signature(dev).parameters["host"].default,
        "uvicorn": {one.name: one.default for one in uvicorn.main.params}["host"],
        "uvicorn.run": inspect.signature(uvicorn.run).parameters["host"].default,
    }
    assert hosts == {
        "fastapi run": "0.0.0.0",
        "fastapi dev": "127.0.0.1",
        "uvicorn": "127.0.0.1",
        "uvicorn.run": "127.0.0.1",
    }


def test_the_image_listens_on_every_address_and_the_wrong_one_on_the_loopback() -> None:
    right = json.loads(instruction("CMD"))
    wrong = instruction("CMD", "wrong_image.Dockerfile").split()
    hosts = [
        uvicorn.main.make_context("uvicorn", words[1:]).params["host"]
        for words in (right, wrong)
    ]
    assert hosts == ["0.0.0.0", "127.0.0.1"]


def test_the_image_installs_before_it_copies_code_and_runs_as_a_number_not_root() -> (
    None
):
    right, wrong = (
        (HERE / name).read_text() for name in ("Dockerfile", "wrong_image.Dockerfile")
    )
    assert right.index("pip install") < right.index("COPY app")
    assert wrong.index("pip install") > wrong.index("COPY . .")
    assert int(instruction("USER")) > 0
    assert right.rindex("COPY ") < right.index("USER ")  # so root owns the code
    assert "--chown" not in right
    assert len(set(re.findall(r"^FROM (\S+)", right, re.M))) == 1


def test_fastapi_run_cannot_bound_the_shutdown() -> None:
    options = inspect.signature(run).parameters
    assert "timeout_graceful_shutdown" not in options
    assert {"port", "workers", "root_path", "proxy_headers"} < set(options)
    assert uvicorn.Config(FastAPI()).timeout_graceful_shutdown is None


def test_fastapi_run_reads_port_and_uvicorn_reads_uvicorn_port() -> None:
    port = inspect.signature(run).parameters["port"].annotation
    assert [part.envvar for part in port.__metadata__] == ["PORT"]
    assert uvicorn.main.context_settings["auto_envvar_prefix"] == "UVICORN"


def test_the_port_of_the_image_comes_before_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = json.loads(instruction("CMD"))[1:]
    without = words[: words.index("--port")] + words[words.index("--port") + 2 :]
    settings = uvicorn.main.context_settings
    monkeypatch.setenv("UVICORN_PORT", "9000")
    found = [
        uvicorn.main.make_context("uvicorn", one, **settings).params["port"]
        for one in (list(words), without)
    ]
    assert found == [8000, 9000]


@pytest.mark.needs(LINUX, "all addresses of 127.0.0.0/8, as Linux has them")
def test_on_127_0_0_1_the_health_check_passes_and_another_address_is_refused() -> None:
    with serving(health_app(200), "127.0.0.1") as port:
        assert health_check(port) == 0
        assert health_check(port, "127.0.0.2") == 1


@pytest.mark.needs(LINUX, "all addresses of 127.0.0.0/8, as Linux has them")
def test_on_0_0_0_0_every_address_of_the_machine_answers() -> None:
    with serving(health_app(200), "0.0.0.0") as port:
        assert health_check(port) == health_check(port, "127.0.0.2") == 0


def test_the_health_check_asks_the_server_itself_where_a_proxy_is_set() -> None:
    with serving(health_app(200), "127.0.0.1") as port:
        assert health_check(port, proxy="http://127.0.0.1:9") == 0


def test_the_program_answers_its_health_check_and_a_greeting() -> None:
    client = TestClient(main.app)
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.get("/").json() == {"message": "Hello from a container"}


def test_the_health_check_fails_on_an_error_status() -> None:
    with serving(health_app(503), "127.0.0.1") as port:
        assert health_check(port) == 1


def test_the_health_check_fails_unless_trusted_hosts_allow_127_0_0_1() -> None:
    for host, code in (("api.example.com", 1), ("127.0.0.1", 0)):
        app = health_app(200)
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[host])
        with serving(app, "127.0.0.1") as port:
            assert health_check(port) == code


# --- The signal


def test_in_exec_form_sigterm_reaches_uvicorn(container: Any) -> None:
    one = container(*command(port=0))
    assert one.server == one.process.pid
    one.stop()
    assert "Application shutdown complete." in one.log.read_text()


@pytest.mark.needs(shutil.which("dash"), "dash, Debian's /bin/sh")
def test_in_shell_form_the_shell_of_debian_keeps_sigterm_to_itself(
    container: Any,
) -> None:
    words = instruction("CMD", "wrong_image.Dockerfile").replace("8000", "0")
    one = container("dash", "-c", f"{BIN}/{words}")
    assert one.server != one.process.pid
    one.stop()
    assert one.answers()
    assert "Shutting down" not in one.log.read_text()


@pytest.mark.needs(shutil.which("bash"), "bash")
def test_in_shell_form_bash_hands_the_process_over(container: Any) -> None:
    words = instruction("CMD", "wrong_image.Dockerfile").replace("8000", "0")
    one = container("bash", "-c", f"{BIN}/{words}")
    assert one.server == one.process.pid


def test_a_script_without_exec_keeps_sigterm_to_itself(container: Any) -> None:
    one = container("sh", str(HERE / "wrong_entrypoint.sh"), *command(port=0))
    assert one.server != one.process.pid
    one.stop()
    assert one.answers()
    assert "Shutting down" not in one.log.read_text()


def test_a_script_with_exec_becomes_uvicorn(container: Any) -> None:
    one = container("sh", str(HERE / "entrypoint.sh"), *command(port=0))
    assert one.server == one.process.pid
    one.stop()
    assert "Application shutdown complete." in one.log.read_text()


def test_the_script_stops_with_a_reason_where_a_setting_is_missing() -> None:
    result = subprocess.run(
        ["sh", HERE / "entrypoint.sh", "true"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert "DATABASE_URL: is not set" in result.stderr


NAMESPACE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]
needs_namespace = pytest.mark.needs(
    shutil.which("unshare")
    and subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode == 0,
    "the right to a process namespace",
)


def terminate_first_process(one: Container) -> None:
    """Send SIGTERM from outside to the process that is number 1 inside."""
    task = f"/proc/{one.process.pid}/task/{one.process.pid}/children"
    os.kill(int(Path(task).read_text()), signal.SIGTERM)


@needs_namespace
def test_a_shell_as_process_1_ignores_sigterm_and_uvicorn_never_hears_of_it(
    container: Any,
) -> None:
    script = str(HERE / "wrong_entrypoint.sh")
    one = container(*NAMESPACE, "sh", script, *command(port=0))
    terminate_first_process(one)
    assert one.answers()
    assert one.process.poll() is None


@needs_namespace
def test_uvicorn_as_process_1_stops_on_sigterm(container: Any) -> None:
    one = container(*NAMESPACE, *command(port=0))
    assert one.server == 1
    terminate_first_process(one)
    assert one.process.wait(PATIENCE) == 0
    assert "Application shutdown complete." in one.log.read_text()


# --- The environment of a container


@pytest.mark.parametrize(
    ("setting", "seen"), [({}, ""), ({"PYTHONUNBUFFERED": "1"}, "x")]
)
def test_without_pythonunbuffered_a_killed_container_loses_what_it_printed(
    setting: dict[str, str], seen: str
) -> None:
    code = "import sys; print('x', end=''); sys.stderr.write('\\n'); sys.stdin.read()"
    clean = {key: value for key, value in os.environ.items() if key[:6] != "PYTHON"}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=clean | setting,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stderr.readline() == "\n"
        process.kill()
        assert process.stdout.read() == seen


def test_without_a_writable_directory_a_large_upload_is_a_400(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = FastAPI()

    @app.post("/files")
    async def size(file: UploadFile) -> int | None:
        return file.size

    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/read-only"])
    client = TestClient(app)
    small, large = b"x" * 1024**2, b"x" * (1024**2 + 1)
    assert client.post("/files", files={"file": small}).status_code == 200
    response = client.post("/files", files={"file": large})
    assert response.status_code == 400
    assert response.json() == {"detail": "There was an error parsing the body"}


@pytest.mark.since(uvicorn="0.53.0")
@pytest.mark.parametrize(
    ("trusted", "scheme"), [("127.0.0.1,::1", "http"), ("172.18.0.0/16", "https")]
)
def test_proxy_headers_are_on_but_another_container_is_not_trusted(
    trusted: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    defaults = uvicorn.Config(FastAPI())
    assert defaults.proxy_headers is True
    assert defaults.forwarded_allow_ips == "127.0.0.1,::1"
    assert inspect.signature(run).parameters["proxy_headers"].default is True

    app = FastAPI()

    @app.get("/")
    async def seen(request: Request) -> str:
        return request.url.scheme

    asgi: Any = app
    proxied: Any = ProxyHeadersMiddleware(asgi, trusted_hosts=trusted)
    client = TestClient(proxied, client=("172.18.0.5", 50000))
    response = client.get("/", headers={"X-Forwarded-Proto": "https"})
    assert response.json() == scheme
