import asyncio
import re
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import anyio.to_thread
import pytest
import uvicorn
import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient
from pydantic import ValidationError
from pydantic_settings import BaseSettings
from starlette.middleware.trustedhost import TrustedHostMiddleware

from snippets.deployment.kubernetes import probes, wrong_probe

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
PATIENCE = 30.0  # how long right code may take on a busy machine
MANIFESTS = [
    "deployment.yaml",
    "ingress.yaml",
    "migration.yaml",
    "scaling.yaml",
    "wrong_deployment.yaml",
]


def validate(name: str, version: str) -> str:
    """Return what the API schema of Kubernetes ``version`` has against a manifest."""
    result = subprocess.run(
        [
            BIN / "kubernetes-validate",
            "--strict",
            "-k",
            version,
            "--quiet",
            HERE / name,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout + result.stderr


def documents(name: str) -> dict[str, Any]:
    """Return the objects of a manifest by their kind."""
    text = (HERE / name).read_text(encoding="utf-8")
    return {one["kind"]: one for one in yaml.safe_load_all(text)}


def pod(name: str, kind: str = "Deployment") -> Any:
    return documents(name)[kind]["spec"]["template"]["spec"]


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the condition never came true")


# --- The manifests


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_schema_accepts_right_and_wrong_manifests_alike(name: str) -> None:
    assert validate(name, "1.37") == ""


def test_the_sleep_action_came_with_kubernetes_1_29() -> None:
    assert "'sleep' was unexpected" in validate("deployment.yaml", "1.28")
    assert validate("deployment.yaml", "1.29") == ""


def test_the_objects_find_each_other() -> None:
    deployment = documents("deployment.yaml")["Deployment"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    service = documents("deployment.yaml")["Service"]["spec"]
    scaling = documents("scaling.yaml")
    budget = scaling["PodDisruptionBudget"]["spec"]
    target = scaling["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert service["selector"] == budget["selector"]["matchLabels"] == labels
    assert target["name"] == deployment["metadata"]["name"]
    container = pod("deployment.yaml")["containers"][0]
    assert service["ports"][0]["targetPort"] == container["ports"][0]["name"]
    migration = pod("migration.yaml", "Job")["containers"][0]
    assert migration["image"] == container["image"]


def test_the_autoscaler_has_a_request_to_measure_and_the_only_say_on_replicas() -> None:
    container = pod("deployment.yaml")["containers"][0]
    assert container["resources"]["requests"]["cpu"]
    assert "replicas" not in documents("deployment.yaml")["Deployment"]["spec"]


def test_the_pools_of_old_and_new_pods_fit_into_100_connections() -> None:
    scaling = documents("scaling.yaml")["HorizontalPodAutoscaler"]["spec"]
    pool = 5  # of the answer about the pool, with 10 connections for others
    assert scaling["maxReplicas"] * pool * 2 <= 100 - 10


def test_the_volume_for_uploads_has_a_size() -> None:
    (tmp,) = pod("deployment.yaml")["volumes"]
    assert tmp["emptyDir"]["sizeLimit"] == "512Mi"


def test_traffic_finds_the_service_and_its_named_port() -> None:
    rule = documents("ingress.yaml")["Ingress"]["spec"]["rules"][0]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    service = documents("deployment.yaml")["Service"]
    assert backend["name"] == service["metadata"]["name"]
    assert backend["port"]["name"] == service["spec"]["ports"][0]["name"]
    tls = documents("ingress.yaml")["Ingress"]["spec"]["tls"][0]
    assert tls["hosts"] == [rule["host"]]


def test_uvicorn_accepts_the_arguments_of_the_manifest() -> None:
    container = pod("deployment.yaml")["containers"][0]
    found = uvicorn.main.make_context("uvicorn", container["args"][1:]).params
    assert found["host"] == "0.0.0.0"
    assert found["port"] == container["ports"][0]["containerPort"]
    assert found["timeout_graceful_shutdown"] == 25
    assert found["timeout_keep_alive"] > 90  # what Traefik keeps an idle one
    assert found["forwarded_allow_ips"] == "10.244.0.0/16"
    assert found["workers"] is None  # one process


def test_the_commands_apply_the_files_of_the_page() -> None:
    script = HERE / "release.sh"
    result = subprocess.run(
        [BIN / "shellcheck", script], capture_output=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, b"")
    text = script.read_text()
    applied = set(re.findall(r"-f (\S+)", text))
    assert applied == {name for name in MANIFESTS if "wrong" not in name}
    assert pod("deployment.yaml")["containers"][0]["image"] in text
    assert f"job/{documents('migration.yaml')['Job']['metadata']['name']}" in text


@pytest.mark.parametrize(
    ("name", "kind"), [("deployment.yaml", "Deployment"), ("migration.yaml", "Job")]
)
def test_the_pod_meets_the_restricted_pod_security_standard(
    name: str, kind: str
) -> None:
    context = pod(name, kind)["containers"][0]["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert "add" not in context["capabilities"]


def stop_times(name: str) -> tuple[int, int, int]:
    """Return the seconds of the grace period, of preStop, and of Uvicorn's own limit."""
    spec = pod(name)
    container = spec["containers"][0]
    sleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {})
    option = "--timeout-graceful-shutdown="
    limit = next(word for word in container["args"] if word.startswith(option))
    grace = spec.get("terminationGracePeriodSeconds", 30)
    return grace, sleep.get("seconds", 0), int(limit.removeprefix(option))


def test_the_grace_period_covers_prestop_and_uvicorns_limit() -> None:
    grace, sleep, limit = stop_times("deployment.yaml")
    assert (sleep, sleep + limit) == (10, 35)
    assert grace > sleep + limit


def test_the_wrong_manifest_is_killed_when_uvicorn_gives_up_waiting() -> None:
    grace, sleep, limit = stop_times("wrong_deployment.yaml")
    assert sleep == 0
    assert grace == limit == 30


# --- The probes


@pytest.mark.parametrize("kind", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_each_probe_of_the_manifest_has_its_endpoint(kind: str) -> None:
    request = pod("deployment.yaml")["containers"][0][kind]["httpGet"]
    assert TestClient(probes.app).get(request["path"]).status_code == 200


class Down:
    def ping(self) -> None:
        raise ConnectionRefusedError


class AsyncDown:
    async def ping(self) -> None:
        raise ConnectionRefusedError


class Silent:
    async def ping(self) -> None:
        await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def no_ping_counts() -> None:
    probes.app.state.last_ping = float("-inf")


@pytest.fixture
def client() -> Any:
    """Return ``client(module, database)``: the module's application with that database."""

    def make(module: ModuleType, database: object) -> TestClient:
        module.app.dependency_overrides[module.get_database] = lambda: database
        return TestClient(module.app, raise_server_exceptions=False)

    yield make
    for module in (probes, wrong_probe):
        module.app.dependency_overrides.clear()


def test_without_its_database_the_right_pod_is_alive_but_not_ready(
    client: Any, recorded: Any
) -> None:
    got = client(probes, AsyncDown())
    live, ready = got.get("/livez"), got.get("/readyz")
    recorded(
        "database_down.txt",
        f"GET /livez\n{live.status_code} {live.text}\n\n"
        f"GET /readyz\n{ready.status_code} {ready.text}",
    )
    assert (live.status_code, ready.status_code) == (200, 503)


class DriverError(Exception):
    """Stands for what a driver raises."""


def test_an_error_of_the_driver_that_is_not_named_is_a_500_and_not_ready_either(
    client: Any,
) -> None:
    class Broken:
        async def ping(self) -> None:
            raise DriverError

    assert client(probes, Broken()).get("/readyz").status_code == 500


def test_a_full_pool_makes_a_busy_pod_unready(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = asyncio.Semaphore(0)  # all connections are taken

    class Full:
        async def ping(self) -> None:
            async with pool:
                pass

    soon = SimpleNamespace(timeout=lambda seconds: asyncio.timeout(seconds / 100))
    monkeypatch.setattr(probes, "asyncio", soon)
    assert client(probes, Full()).get("/readyz").status_code == 503


def test_without_its_database_the_wrong_pod_is_restarted(client: Any) -> None:
    assert client(wrong_probe, Down()).get("/livez").status_code == 500


def test_many_clients_of_readyz_open_one_connection_at_a_time(client: Any) -> None:
    class Counted:
        now = highest = 0

        async def ping(self) -> None:
            self.now += 1
            self.highest = max(self.highest, self.now)
            await asyncio.sleep(0)
            self.now -= 1

    async def ask() -> set[int]:
        transport = ASGITransport(app=probes.app)
        async with AsyncClient(transport=transport, base_url="http://pod") as asking:
            got = await asyncio.gather(*(asking.get("/readyz") for _ in range(20)))
        return {answer.status_code for answer in got}

    database = Counted()
    client(probes, database)
    assert asyncio.run(ask()) == {200}
    assert database.highest == 1


def test_many_clients_of_readyz_do_not_make_the_probe_wait_for_their_pings(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counted:
        pings = 0

        async def ping(self) -> None:
            self.pings += 1

    moment = 1000.0
    monkeypatch.setattr(probes, "monotonic", lambda: moment)
    database = Counted()
    asking = client(probes, database)
    assert {asking.get("/readyz").status_code for _ in range(20)} == {200}
    assert database.pings == 1
    moment += 1.1
    assert asking.get("/readyz").status_code == 200
    assert database.pings == 2


def test_a_ping_that_failed_counts_for_no_second(client: Any) -> None:
    class OnceDown:
        pings = 0

        async def ping(self) -> None:
            self.pings += 1
            if self.pings == 1:
                raise ConnectionRefusedError

    asking = client(probes, OnceDown())
    assert [asking.get("/readyz").status_code for _ in range(2)] == [503, 200]


def test_a_database_that_does_not_answer_makes_the_pod_unready_in_time(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float] = []

    def timeout(seconds: float) -> asyncio.Timeout:
        limits.append(seconds)
        return asyncio.timeout(0)

    monkeypatch.setattr(probes, "asyncio", SimpleNamespace(timeout=timeout))
    assert client(probes, Silent()).get("/readyz").status_code == 503
    probe = pod("deployment.yaml")["containers"][0]["readinessProbe"]
    assert limits[0] < probe["timeoutSeconds"]


@pytest.mark.parametrize(("module", "waits"), [(probes, False), (wrong_probe, True)])
def test_a_def_probe_waits_for_a_thread_and_an_async_one_does_not(
    module: ModuleType, waits: bool
) -> None:
    busy, release = threading.Event(), threading.Event()
    app = FastAPI()

    @app.get("/report")
    def report() -> None:
        busy.set()
        release.wait(PATIENCE)

    app.mount("/", module.app)

    async def main() -> None:
        limiter = anyio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = 1
        transport = ASGITransport(app)
        async with (
            AsyncClient(transport=transport, base_url="http://test") as http,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(http.get("/report"))
            await until(busy.is_set)
            probe = tasks.create_task(http.get("/livez"))
            await until(lambda: probe.done() or limiter.statistics().tasks_waiting == 1)
            waited = not probe.done()
            release.set()
            assert (await probe).status_code == 200
            assert waited is waits

    try:
        asyncio.run(main())
    finally:
        release.set()


def test_trusted_host_middleware_refuses_the_probe_unless_it_sends_the_host() -> None:
    app = FastAPI()
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["api.example.com"])
    app.mount("/", probes.app)
    kubelet = TestClient(app, base_url="http://10.1.2.3:8000")
    assert kubelet.get("/livez").status_code == 400
    named = kubelet.get("/livez", headers={"Host": "api.example.com"})
    assert named.status_code == 200


# --- Start and stop


def free_socket() -> socket.socket:
    """Return a socket with a port that nothing else can take; it does not listen yet."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


def test_uvicorn_refuses_connections_until_the_startup_has_finished() -> None:
    async def main() -> list[bool]:
        starting, finish = asyncio.Event(), asyncio.Event()

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            starting.set()
            await finish.wait()
            yield

        server = uvicorn.Server(
            uvicorn.Config(FastAPI(lifespan=lifespan), log_config=None)
        )
        sock = free_socket()
        port = sock.getsockname()[1]
        serving = asyncio.create_task(server.serve(sockets=[sock]))
        await starting.wait()
        seen = [refuses(port)]
        finish.set()
        await until(lambda: server.started)
        seen.append(refuses(port))
        server.should_exit = True
        await serving
        return seen

    assert asyncio.run(main()) == [True, False]


def test_after_sigterm_uvicorn_refuses_new_connections_and_finishes_the_request() -> (
    None
):
    async def main() -> tuple[bool, int]:
        working, release = asyncio.Event(), asyncio.Event()
        app = FastAPI()

        @app.get("/report")
        async def report() -> None:
            working.set()
            await release.wait()

        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        sock = free_socket()
        port = sock.getsockname()[1]
        serving = asyncio.create_task(server.serve(sockets=[sock]))
        await until(lambda: server.started)
        async with AsyncClient(timeout=PATIENCE) as http:
            request = asyncio.create_task(http.get(f"http://127.0.0.1:{port}/report"))
            await working.wait()
            server.should_exit = True  # what the handler of SIGTERM does
            await until(lambda: refuses(port))
            refused = not request.done()
            release.set()
            status = (await request).status_code
        await serving
        return refused, status

    assert asyncio.run(main()) == (True, 200)


# --- The environment


def test_the_variable_of_a_service_named_redis_breaks_a_setting_redis_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Settings(BaseSettings):
        redis_port: int = 6379

    assert Settings().redis_port == 6379
    monkeypatch.setenv("REDIS_PORT", "tcp://10.96.0.12:6379")
    with pytest.raises(ValidationError, match="should be a valid integer"):
        Settings()
    assert pod("deployment.yaml")["enableServiceLinks"] is False


def test_the_migration_ends_before_the_release_stops_waiting_for_it() -> None:
    limit = documents("migration.yaml")["Job"]["spec"]["activeDeadlineSeconds"]
    text = (HERE / "release.sh").read_text(encoding="utf-8")
    found = re.search(r"condition=complete --timeout=(\d+)m", text)
    assert found
    assert 0 < limit < int(found[1]) * 60


def test_the_migration_has_the_same_environment_as_the_pods() -> None:
    job, deployment = pod("migration.yaml", "Job"), pod("deployment.yaml")
    assert job["enableServiceLinks"] is deployment["enableServiceLinks"] is False
    assert job["containers"][0]["envFrom"] == deployment["containers"][0]["envFrom"]
