import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import fastapi_cli.cli
import pytest
import uvicorn
from click.testing import CliRunner as ClickRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from snippets.structure_and_start.could_not_import_module import (
    factory,
    main,
    router,
)

FOLDER = Path(__file__).parent
MAIN = (FOLDER / "main.py").read_text()
NAMES = ("main", "service")
Says = Callable[..., str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The project of the page: service/__init__.py and service/main.py."""
    (tmp_path / "service").mkdir()
    (tmp_path / "service/__init__.py").touch()
    (tmp_path / "service/main.py").write_text(MAIN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(uvicorn.Server, "run", lambda server: server.config.load())
    monkeypatch.setenv("FASTAPI_ENV", "test")
    monkeypatch.setenv("COLUMNS", "200")
    yield tmp_path
    forget()


def forget() -> None:
    importlib.invalidate_caches()
    for name in list(sys.modules):
        if name.split(".")[0] in NAMES:
            del sys.modules[name]


@pytest.fixture
def says(project: Path, log: list[str], monkeypatch: pytest.MonkeyPatch) -> Says:
    """Return ``says(*arguments, folder="")``: what the command `uvicorn` ends with."""

    def ask(*arguments: str, folder: str = "") -> str:
        log.clear()
        forget()
        before = list(sys.path)
        monkeypatch.chdir(project / folder)
        result = ClickRunner().invoke(uvicorn.main, list(arguments))
        monkeypatch.chdir(project)
        sys.path[:] = before
        error = result.exception
        if error and not isinstance(error, SystemExit):
            return f"{type(error).__name__}: {error}"
        return "\n".join(log)

    return ask


@pytest.fixture
def cli(project: Path, monkeypatch: pytest.MonkeyPatch) -> Says:
    """Return ``cli(*arguments)``: what `fastapi run` prints, or hands to Uvicorn."""

    def ask(*arguments: str, folder: str = "") -> str:
        told: list[str] = []
        monkeypatch.setattr(uvicorn, "run", lambda app, **_: told.append(app))
        forget()
        before = list(sys.path)
        monkeypatch.chdir(project / folder)
        result = CliRunner().invoke(fastapi_cli.cli.app, ["run", *arguments])
        monkeypatch.chdir(project)
        sys.path[:] = before
        return f"serves {told[0]}" if told else f"{result.output}{result.exception}"

    return ask


def loading(text: str) -> str:
    return f"ERROR: Error loading ASGI app. {text}"


def not_found(module: str) -> str:
    return loading(f'Could not import module "{module}".')


def test_the_text_as_uvicorn_prints_it(
    project: Path, start: Any, recorded: Any
) -> None:
    tree = sorted(path.relative_to(project).as_posix() for path in project.glob("s*/*"))
    recorded("files.txt", "\n".join(tree))
    server = start(["uvicorn", "main:app"], project)
    assert server.end() != 0
    recorded("not_found.txt", "\n".join(["$ uvicorn main:app", *server.lines]))


def test_the_module_is_named_as_it_is_imported_from_the_folder(says: Says) -> None:
    assert says("main:app") == not_found("main")
    assert says("service.main:app") == says("main:app", folder="service") == ""
    assert TestClient(main.app).get("/").json() == {"message": "Hello"}


@pytest.mark.parametrize(
    ("argument", "folder", "module"),
    [
        ("service/main:app", "", "service/main"),
        ("main.py:app", "service", "main.py"),
        ("service.main.py:app", "", "service.main.py"),
        ("service.mian:app", "", "service.mian"),
    ],
)
def test_a_path_a_file_name_and_a_wrong_name_are_not_found(
    says: Says, argument: str, folder: str, module: str
) -> None:
    assert says(argument, folder=folder) == not_found(module)


def test_app_dir_names_the_folder_to_import_from(says: Says, project: Path) -> None:
    shutil.move(project / "service", project / "src" / "service")
    assert says("service.main:app") == "ModuleNotFoundError: No module named 'service'"
    command = (FOLDER / "start.sh").read_text().split("\nuvicorn ")[1].split("\n")[0]
    assert command == "service.main:app --app-dir src"
    assert says(*command.split()) == ""


def test_a_missing_package_is_a_traceback_of_another_kind(says: Says) -> None:
    missing = "ModuleNotFoundError: No module named 'service'"
    assert says("service.main:app", folder="service") == missing
    missing = "ModuleNotFoundError: No module named 'service/main'"
    assert says("service/main.py:app") == missing


def test_a_missing_import_of_the_module_is_a_traceback(
    says: Says, project: Path
) -> None:
    (project / "service/main.py").write_text(f"import database\n{MAIN}")
    (project / "service/database.py").touch()
    assert says("service.main:app") == "ModuleNotFoundError: No module named 'database'"
    (project / "service/main.py").write_text(f"import not_installed\n{MAIN}")
    missing = "ModuleNotFoundError: No module named 'not_installed'"
    assert says("service.main:app") == missing
    (project / "service/main.py").write_text(f"from service import database\n{MAIN}")
    assert says("service.main:app") == ""


def test_a_relative_import_needs_the_package(says: Says, project: Path) -> None:
    (project / "service/main.py").write_text(f"from . import database\n{MAIN}")
    (project / "service/database.py").touch()
    assert says("main:app", folder="service") == (
        "ImportError: attempted relative import with no known parent package"
    )
    assert says("service.main:app") == ""


def test_an_attribute_that_the_module_lacks(says: Says, project: Path) -> None:
    for name in ("api", "create_app()"):
        text = loading(f'Attribute "{name}" not found in module "service.main".')
        assert says(f"service.main:{name}") == text
    text = loading('Attribute "app" not found in module "service".')
    assert says("service:app") == text
    (project / "service/__init__.py").write_text("from service.main import app\n")
    assert says("service:app") == ""
    for text in ("", 'if __name__ == "__main__":\n    app = print\n'):
        (project / "main.py").write_text(text)
        missing = loading('Attribute "app" not found in module "main".')
        assert says("main:app") == missing


def test_another_module_of_the_same_name_in_the_folder_goes_first(
    says: Says, project: Path
) -> None:
    (project / "service/main.py").write_text(
        "import secrets\napp = secrets.token_hex\n"
    )
    (project / "secrets.py").touch()
    saved = sys.modules.pop("secrets")
    try:
        error = says("service.main:app")
    finally:
        sys.modules["secrets"] = saved
    assert error.startswith("AttributeError: module 'secrets' has no attribute")


def test_a_file_named_fastapi_hides_the_library(project: Path, start: Any) -> None:
    shutil.copy(FOLDER / "main.py", project / "fastapi.py")
    server = start(["uvicorn", "fastapi:app"], project)
    assert server.end() != 0
    server.line("ImportError: cannot import name 'FastAPI' from ")
    if sys.version_info < (3, 13):
        server.line("from partially initialized module 'fastapi'")
    (project / "fastapi.py").rename(project / "main.py")
    server = start(["uvicorn", "main:app", "--port", "0"], project)
    assert server.address()
    server.stop()


@pytest.mark.parametrize("given", ["service.main", "service.main:", ":app"])
def test_an_argument_without_a_colon_or_without_a_part(says: Says, given: str) -> None:
    text = f'Import string "{given}" must be in format "<module>:<attribute>".'
    assert says(given) == loading(text)


def test_a_router_that_imports_the_application_is_a_circular_import(
    says: Says, project: Path
) -> None:
    items = "from fastapi import FastAPI\nfrom service import items\n"
    (project / "service/main.py").write_text(f"{items}app = FastAPI()\n")
    (project / "service/items.py").write_text(
        (FOLDER / "wrong_import_of_main.py").read_text()
    )
    text = "ImportError: cannot import name 'app' from partially initialized module 'service.main'"
    assert says("service.main:app").startswith(text)
    first = "from fastapi import FastAPI\napp = FastAPI()\nfrom service import items\n"
    (project / "service/main.py").write_text(first)
    assert says("service.main:app") == ""  # which is luck
    included = "app = FastAPI()\napp.include_router(items.router)\n"
    (project / "service/main.py").write_text(f"{items}{included}")
    (project / "service/items.py").write_text((FOLDER / "router.py").read_text())
    assert says("service.main:app") == ""
    application = FastAPI()
    application.include_router(router.router)
    assert TestClient(application).get("/items").json() == ["plumbus"]


def test_a_factory_is_found_and_wants_its_flag(says: Says, project: Path) -> None:
    text = (FOLDER / "factory.py").read_text()
    (project / "service/main.py").write_text(text)
    assert says("service.main:create_app", "--factory") == ""
    assert says("service.main:create_app") == (
        "WARNING: ASGI app factory detected. Using it, but please consider setting "
        "the --factory flag explicitly."
    )
    text = text.replace("create_app()", "create_app(title: str)")
    (project / "service/main.py").write_text(text)
    assert says("service.main:create_app", "--factory") == (
        "ERROR: Error loading ASGI app factory: "
        "create_app() missing 1 required positional argument: 'title'"
    )
    assert factory.create_app().title == "Orders"


def test_without_the_flag_a_type_error_of_the_factory_is_hidden(
    project: Path, start: Any
) -> None:
    text = (FOLDER / "factory.py").read_text()
    text = text.replace("    return app\n", '    len("a", 1)\n    return app\n')
    (project / "service/main.py").write_text(text)
    command = ["uvicorn", "service.main:create_app", "--port", "0"]
    server = start([*command, "--factory"], project)
    assert server.end() != 0
    server.line("Error loading ASGI app factory: len")
    server = start(command, project)
    with pytest.raises(HTTPError) as caught:
        urlopen(server.address(), timeout=30)
    with caught.value as error:
        assert error.code == 500
    server.stop()


def test_without_the_file_of_a_package_another_module_goes_first(
    says: Says, project: Path
) -> None:
    (project / "service.py").touch()
    assert says("service.main:app") == ""
    (project / "service/__init__.py").unlink()
    assert says("service.main:app") == not_found("service.main")


def test_a_path_in_sys_path_depends_on_where_the_command_runs(
    says: Says, project: Path
) -> None:
    (project / "src").mkdir()
    (project / "src/service_names.py").touch()
    text = (FOLDER / "wrong_sys_path.py").read_text()
    (project / "service/main.py").write_text(f"{text}import service_names\n{MAIN}")
    assert says("main:app", folder="service") == ""
    del sys.modules["service_names"]
    missing = "ModuleNotFoundError: No module named 'service_names'"
    assert says("service.main:app") == missing


def test_the_messages_of_the_fastapi_command(cli: Says, project: Path) -> None:
    assert cli("service/main.py") == cli("-e", "service.main:app")
    assert cli("service/main.py") == "serves service.main:app"
    assert cli("main.py", folder="service") == "serves service.main:app"
    assert "Could not find a default file to run" in cli()
    assert "Path does not exist main.py" in cli("main.py")
    assert "Path does not exist service.main:app" in cli("service.main:app")
    lacks = "Could not find app name api in service.main"
    assert lacks in cli("service/main.py", "--app", "api")
    (project / "service/main.py").write_text((FOLDER / "factory.py").read_text())
    lacks = "Could not find FastAPI app in module, try using --app"
    assert lacks in cli("service/main.py")


def test_the_fastapi_command_needs_the_file_that_marks_a_package(
    cli: Says, project: Path
) -> None:
    (project / "service/main.py").write_text(f"from . import database\n{MAIN}")
    (project / "service/database.py").touch()
    assert cli("service/main.py") == "serves service.main:app"
    (project / "service/__init__.py").unlink()
    output = cli("service/main.py")
    assert "attempted relative import with no known parent package" in output
    assert "Ensure all the package directories have an __init__.py file" in output
    (project / "service/main.py").write_text(f"from service import database\n{MAIN}")
    assert "No module named 'service'" in cli("service/main.py")


def test_python_m_fastapi_finds_the_folder_that_no_file_marks_as_a_package(
    project: Path, start: Any
) -> None:
    (project / "service/main.py").write_text(f"from service import database\n{MAIN}")
    (project / "service/database.py").touch()
    (project / "service/__init__.py").unlink()
    options = ["run", "service/main.py", "--host", "127.0.0.1", "--port", "0"]
    server = start(["fastapi", *options], project)
    assert server.end() != 0
    server.line("No module named 'service'")
    server = start(["python", "-m", "fastapi", *options], project)
    assert server.address()
    server.stop()


def test_under_reload_the_reloader_waits_for_the_repair(
    project: Path, start: Any
) -> None:
    text = (project / "service/main.py").read_text()
    (project / "service/main.py").write_text(text.replace("app =", "api =", 1))
    command = ["uvicorn", "service.main:app", "--port", "0", "--reload"]
    server = start(command, project)
    server.line("Started reloader process")
    server.line("name 'app' is not defined")
    (project / "service/main.py").write_text(text)
    server.line("Application startup complete")
    assert server.process.poll() is None
    server.stop()
