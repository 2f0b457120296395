import ast
import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import requires
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from snippets.conftest import (
    Database,
    clients_that_do_not_read,
    limits_of_a_stop_beside_a_silent_server,
)
from snippets.structure_and_start.project_structure import one_file
from snippets.structure_and_start.project_structure.shop import database, main, settings

FOLDER = Path(__file__).parent
UVICORN = ["uvicorn", "shop.main:app", "--port", "0"]
RUN = ["fastapi", "run", "shop/main.py", "--host", "127.0.0.1", "--port", "0"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The package of the page, in a folder of its own."""
    for module in (FOLDER / "shop").rglob("*.py"):
        copy = tmp_path / module.relative_to(FOLDER)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(module, copy)
        (copy.parent / "__init__.py").touch()
    return tmp_path


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    settings.get_settings.cache_clear()
    yield f"sqlite+aiosqlite:///{tmp_path}/shop.db"
    settings.get_settings.cache_clear()


@pytest.fixture
def client(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("SHOP_DATABASE_URL", url)
    with TestClient(main.app, raise_server_exceptions=False) as client:
        yield client


def tree(folder: Path, indent: str = "") -> Iterator[str]:
    yield f"{indent}{folder.name}/"
    indent += "    "
    files = [path for path in folder.iterdir() if path.is_file()]
    yield from sorted(f"{indent}{path.name}" for path in files)
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name != "__pycache__":
            yield from tree(path, indent)


def imports(project: Path) -> dict[str, set[str]]:
    """Return which modules of the package each of its modules imports."""
    graph: dict[str, set[str]] = {}
    for path in sorted((project / "shop").rglob("*.py")):
        if path.name == "__init__.py":
            continue
        parts = path.relative_to(project).with_suffix("").parts
        used = graph.setdefault(".".join(parts), set())
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = parts[: -node.level]
                used.add(".".join([*base, node.module or ""]))
    return graph


def call(address: str, body: Any = None) -> str:
    data = None if body is None else json.dumps(body).encode()
    request = Request(address, data, {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=30) as response:
            return f"{response.status} {response.read().decode()}"
    except HTTPError as error:
        with error:
            return f"{error.code} {error.read().decode()}"


def test_the_package_starts_and_answers(
    project: Path, url: str, start: Any, recorded: Any
) -> None:
    recorded("tree.txt", "\n".join(tree(project / "shop")))
    server = start(UVICORN, project, SHOP_DATABASE_URL=url)
    address = server.address()
    lines = [
        f"POST /orders   {call(f'{address}/orders', {'product_id': 7, 'boxes': 2})}",
        f"GET /orders/1  {call(f'{address}/orders/1')}",
        f"GET /orders/2  {call(f'{address}/orders/2')}",
    ]
    recorded("exchange.txt", "\n".join(lines))
    server.stop()


def test_no_import_goes_in_a_circle_and_none_leads_to_main(project: Path) -> None:
    graph = imports(project)
    order = list(TopologicalSorter(graph).static_order())
    assert order[-1] == "shop.main"
    assert not any("shop.main" in used for used in graph.values())
    assert graph["shop.orders.router"] == {
        "shop.dependencies",
        "shop.orders.schemas",
        "shop.orders.tables",
    }


def test_the_application_is_imported_without_settings_and_does_not_start(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOP_DATABASE_URL", raising=False)
    with pytest.raises(ValidationError, match="database_url"), TestClient(main.app):
        pytest.fail(f"the application started without {url}")


def test_an_engine_at_import_needs_the_variable_to_be_imported(
    project: Path,
) -> None:
    shutil.copy(FOLDER / "wrong_engine_at_import.py", project / "shop/database.py")
    result = subprocess.run(
        [sys.executable, "-c", "import shop.database"],
        cwd=project,
        env={},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "KeyError: 'SHOP_DATABASE_URL'" in result.stderr


def test_a_router_that_imports_main_is_a_circle(project: Path, start: Any) -> None:
    shutil.copy(FOLDER / "wrong_shared_in_main.py", project / "shop/orders/router.py")
    server = start(UVICORN, project)
    assert server.end() != 0
    server.line("ImportError: cannot import name 'get_session' from partially init")


def test_without_init_files_uvicorn_starts_the_package_and_fastapi_run_does_not(
    project: Path, url: str, start: Any
) -> None:
    for path in list((project / "shop").rglob("__init__.py")):
        path.unlink()
    server = start(UVICORN, project, SHOP_DATABASE_URL=url)
    assert call(f"{server.address()}/orders/1").startswith("404")
    server.stop()
    server = start(RUN, project, SHOP_DATABASE_URL=url)
    assert server.end() != 0
    server.line("attempted relative import with no known parent package")


@pytest.mark.parametrize(
    "command",
    [
        ["uvicorn", "--app-dir", "src", "shop.main:app", "--port", "0"],
        ["fastapi", "run", "src/shop/main.py", "--host", "127.0.0.1", "--port", "0"],
    ],
    ids=["uvicorn", "fastapi run"],
)
def test_the_package_may_stand_in_src(
    project: Path, url: str, start: Any, command: list[str]
) -> None:
    (project / "src").mkdir()
    (project / "shop").rename(project / "src/shop")
    server = start(command, project, SHOP_DATABASE_URL=url)
    assert call(f"{server.address()}/orders/1").startswith("404")
    server.stop()


def test_a_file_named_as_a_library_is_imported_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "fastapi.py").write_text("from fastapi import FastAPI\n")
    result = subprocess.run(
        [sys.executable, "fastapi.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "ImportError: cannot import name 'FastAPI' from " in result.stderr
    if sys.version_info < (3, 13):
        assert "partially initialized module 'fastapi'" in result.stderr


@pytest.mark.parametrize(
    ("path", "status"),
    [("1", 404), ("0", 422), ("x", 422), ("2147483648", 422), ("9" * 30, 422)],
)
def test_orders_that_do_not_exist(client: TestClient, path: str, status: int) -> None:
    assert client.get(f"/orders/{path}").status_code == status


@pytest.mark.parametrize(
    "body", ['{"product_id": 7}', '{"product_id": 0, "boxes": 2}', "[]", "{", ""]
)
def test_orders_that_are_refused(client: TestClient, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    response = client.post("/orders", content=body, headers=headers)
    assert response.status_code == 422


@pytest.mark.since(fastapi="0.164.0")
def test_a_large_body_is_not_read_to_its_end(client: TestClient) -> None:
    assert client.post("/orders", content=b" " * 100_001).status_code == 413


def test_two_orders_are_two_rows(client: TestClient) -> None:
    order = {"product_id": 7, "boxes": 2}
    assert client.post("/orders", json=order).json() == order | {"id": 1}
    assert client.post("/orders", json=order).json() == order | {"id": 2}
    assert client.get("/orders/2").json() == order | {"id": 2}


def test_clients_that_do_not_read_hold_no_connection_of_the_database(
    client: TestClient,
) -> None:
    assert client.post("/orders", json={"product_id": 7, "boxes": 2}).is_success

    async def status_beside_them() -> int:
        async with main.app.router.lifespan_context(main.app) as state:

            async def running(scope: Scope, receive: Receive, send: Send) -> None:
                await main.app({**scope, "state": dict(state or {})}, receive, send)

            async with (
                asyncio.timeout(20),  # the pool refuses after 30 seconds
                clients_that_do_not_read(running, "/orders/1", 15),
                AsyncClient(
                    transport=ASGITransport(running), base_url="http://test"
                ) as other,
            ):
                return (await other.get("/orders/1")).status_code

    assert asyncio.run(status_beside_them()) == 200


def test_the_database_is_closed_when_the_application_fails(url: str) -> None:
    async def fail() -> None:
        async with database.open_database(url):
            raise ConnectionError("something else at startup")

    with pytest.raises(ConnectionError):
        asyncio.run(fail())


def test_with_asyncpg_a_silent_server_holds_the_stop_for_five_seconds(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.get_settings.cache_clear()
    monkeypatch.setenv("SHOP_DATABASE_URL", server.url("postgresql+asyncpg"))
    lifespan = main.lifespan(main.app)
    try:
        assert limits_of_a_stop_beside_a_silent_server(
            database, monkeypatch, lifespan
        ) == [5]
    finally:
        settings.get_settings.cache_clear()


def test_the_one_file_program_answers() -> None:
    client = TestClient(one_file.app)
    assert client.get("/orders/1").json() == {"product_id": 7, "boxes": 2}
    assert client.get("/orders/2").status_code == 404


def test_two_tables_may_name_each_other_as_strings(project: Path) -> None:
    for name, other, column in (
        (
            "Order",
            "Customer",
            "customer_id: Mapped[int] = mapped_column(ForeignKey('Customer.id'))",
        ),
        ("Customer", "Order", ""),
    ):
        kind = f"'{other}'" if column else f"list['{other}']"
        (project / f"shop/{name.lower()}.py").write_text(
            "from typing import TYPE_CHECKING\n"
            "from sqlalchemy import ForeignKey\n"
            "from sqlalchemy.orm import Mapped, mapped_column, relationship\n"
            "from .database import Base\n"
            "if TYPE_CHECKING:\n"
            f"    from .{other.lower()} import {other}\n"
            f"class {name}(Base):\n"
            f"    __tablename__ = '{name}'\n"
            "    id: Mapped[int] = mapped_column(primary_key=True)\n"
            f"    {column}\n"
            f"    other: Mapped[{kind}] = relationship(back_populates='other')\n"
        )
    code = (
        "import shop.order, shop.customer, sqlalchemy.orm\n"
        "sqlalchemy.orm.configure_mappers()\n"
        "print(shop.order.Order.other.property.mapper.class_.__name__)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (result.stdout, result.stderr) == ("Customer\n", "")
    alone = subprocess.run(
        [sys.executable, "-c", code.replace(" shop.customer,", "")],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "failed to locate a name ('Customer')" in alone.stderr


def test_the_settings_are_read_once_until_the_cache_is_cleared(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start_with(address: str) -> None:
        monkeypatch.setenv("SHOP_DATABASE_URL", address)
        with TestClient(main.app) as client:
            assert client.get("/orders/1").status_code == 404

    start_with(url)
    start_with(url.replace("shop.db", "other.db"))
    assert not (tmp_path / "other.db").exists()
    settings.get_settings.cache_clear()
    start_with(url.replace("shop.db", "other.db"))
    assert (tmp_path / "other.db").exists()


def test_python_m_pytest_finds_the_package_beside_the_tests(
    project: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("SHOP_DATABASE_URL", url)
    (project / "tests").mkdir()
    (project / "tests/test_orders.py").write_text(
        "from fastapi.testclient import TestClient\n"
        "from shop.main import app\n"
        "def test_an_unknown_order() -> None:\n"
        "    with TestClient(app) as client:\n"
        "        assert client.get('/orders/1').status_code == 404\n"
    )
    said = []
    for command in (
        [sys.executable, "-m", "pytest"],
        [str(Path(sys.executable).parent / "pytest")],
    ):
        result = subprocess.run(
            [*command, "-p", "no:cacheprovider", "tests"],
            cwd=project,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        said.append(result.stdout)
    assert "1 passed" in said[0]
    assert "No module named 'shop'" in said[1]


def test_without_the_lifespan_no_request_gets_a_session() -> None:
    missing = "'State' object has no attribute 'sessions'"
    with pytest.raises(AttributeError, match=missing):
        TestClient(main.app).get("/orders/1")


def test_the_asyncio_module_of_sqlalchemy_needs_its_extra() -> None:
    needed = [one for one in requires("sqlalchemy") or [] if one.startswith("greenlet")]
    assert [one.partition(";")[2].strip() for one in needed] == ['extra == "asyncio"']
