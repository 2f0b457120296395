import contextlib
import importlib
import os
import secrets
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import (
    BaseModel,
    Field,
    PydanticDeprecatedSince20,
    SecretStr,
    ValidationError,
)
from pydantic.errors import PydanticImportError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from snippets.logging_and_settings.settings import (
    comma_list,
    override_test,
    secret,
    several_sources,
    shop,
    typed_bool,
    wrong_bool,
    wrong_plain_secret,
)
from snippets.logging_and_settings.settings.override_test import client

HERE = Path(__file__).parent
FOLDER = "snippets.logging_and_settings.settings"
__all__ = ["client"]  # the fixture of the page


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in an empty folder, without a variable of the shop."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("SHOP_"):
            monkeypatch.delenv(name)
    shop.get_settings.cache_clear()
    yield
    shop.get_settings.cache_clear()


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text((HERE / "dotenv.txt").read_text(encoding="utf-8"))
    return path


def text_of(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__name__}: {error}"


# --- The program


def test_a_variable_comes_before_the_file_and_the_file_before_the_default(
    dotenv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.Settings().page_size == 50
    monkeypatch.setenv("SHOP_PAGE_SIZE", "100")
    assert "SHOP_PAGE_SIZE=100 uvicorn main:app" in (HERE / "start.sh").read_text()
    assert shop.Settings().page_size == 100
    assert shop.Settings(page_size=3).page_size == 3
    dotenv.write_text("SHOP_API_KEY=written-by-hand\n")
    monkeypatch.delenv("SHOP_PAGE_SIZE")
    assert shop.Settings().page_size == 20
    assert dotenv.read_text()


def test_the_application_answers_with_the_setting(dotenv: Path) -> None:
    with TestClient(shop.app) as client:
        assert client.get("/page-size").json() == 50
    assert dotenv.exists()


def test_upper_and_lower_case_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("shop_api_key", "lower")
    monkeypatch.setenv("SHOP_PAGE_SIZE", "7")
    assert shop.Settings().page_size == 7


def test_the_file_is_read_once_until_the_cache_is_cleared(dotenv: Path) -> None:
    assert shop.get_settings() is shop.get_settings()
    dotenv.write_text("SHOP_API_KEY=written-by-hand\nSHOP_PAGE_SIZE=1\n")
    assert shop.get_settings().page_size == 50
    shop.get_settings.cache_clear()
    assert shop.get_settings().page_size == 1


def test_the_file_does_not_reach_the_environment(dotenv: Path) -> None:
    assert shop.Settings().page_size == 50
    assert "SHOP_PAGE_SIZE" not in os.environ
    assert dotenv.exists()


def test_the_file_is_looked_for_in_the_working_directory_and_its_absence_is_no_error(
    dotenv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = dotenv.parent / "other"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(ValidationError, match="api_key"):
        shop.Settings()


# --- Errors


def test_base_settings_has_moved(recorded: Any) -> None:
    with pytest.raises(PydanticImportError) as caught:
        importlib.import_module(f"{FOLDER}.wrong_import")
    recorded("moved.txt", text_of(caught.value).split(" See ")[0])


def test_a_missing_setting_stops_the_start(recorded: Any) -> None:
    with (
        pytest.raises(ValidationError) as caught,
        TestClient(shop.app),
    ):
        pass
    recorded("missing.txt", str(caught.value).partition("\n    For further")[0])


def test_with_a_setting_missing_and_no_lifespan_each_request_is_a_500() -> None:
    client = TestClient(shop.app, raise_server_exceptions=False)
    assert client.get("/page-size").status_code == 500


def test_a_list_is_read_as_json(monkeypatch: pytest.MonkeyPatch, recorded: Any) -> None:
    class Settings(BaseSettings):
        origins: list[str]

    monkeypatch.setenv("ORIGINS", "https://a.example,https://b.example")
    with pytest.raises(SettingsError) as caught:
        Settings()
    recorded("list.txt", text_of(caught.value))
    assert comma_list.Settings().origins == ["https://a.example", "https://b.example"]
    monkeypatch.setenv("ORIGINS", '["https://a.example"]')
    assert Settings().origins == ["https://a.example"]
    assert comma_list.Settings().origins == ['["https://a.example"]']


def test_a_foreign_line_of_the_file_is_an_error_without_extra_ignore(
    dotenv: Path, recorded: Any
) -> None:
    class Settings(BaseSettings):
        model_config = SettingsConfigDict(env_file=".env")
        page_size: int = 20

    dotenv.write_text("PAGE_SIZE=50\nPOSTGRES_USER=shop\n")
    with pytest.raises(ValidationError) as caught:
        Settings()
    recorded("extra.txt", str(caught.value).partition("\n    For further")[0])
    assert Settings(_env_file=None).page_size == 20


def test_an_unknown_variable_of_the_environment_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Settings(BaseSettings):
        page_size: int = 20

    monkeypatch.setenv("PAGE_SIZ", "50")
    assert Settings().page_size == 20


def test_a_list_keeps_its_quotes_in_a_shell_and_a_file_only_between_single_ones(
    tmp_path: Path,
) -> None:
    class Settings(BaseSettings):
        origins: list[str]

    def given(assignment: str) -> str:
        show = f"{sys.executable} -c 'import os; print(os.environ[\"ORIGINS\"])'"
        command = ["/bin/sh", "-c", f"{assignment} {show}"]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        return result.stdout.strip()

    page = """ORIGINS='["https://a.example"]'"""
    assert given(page) == '["https://a.example"]'
    assert given(page.replace("'", "")) == "[https://a.example]"
    (tmp_path / ".env").write_text(page)
    assert Settings(_env_file=".env").origins == ["https://a.example"]


def test_an_empty_variable_leaves_the_line_of_the_file(
    dotenv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_PAGE_SIZE", "")
    assert shop.Settings().page_size == 50
    assert dotenv.exists()


# --- What is copied from Pydantic 1


def test_env_of_field_is_ignored_with_a_warning_and_validation_alias_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_PAGE_SIZE", "100")
    old: Any = {"env": "SHOP_PAGE_SIZE"}
    with pytest.warns(PydanticDeprecatedSince20, match="Extra keys: 'env'"):

        class Old(BaseSettings):
            page_size: int = Field(20, **old)

    class New(BaseSettings):
        page_size: int = Field(20, validation_alias="SHOP_PAGE_SIZE")

    assert (Old().page_size, New().page_size) == (20, 100)


def test_class_config_still_reads_the_file_and_is_deprecated(dotenv: Path) -> None:
    with pytest.warns(PydanticDeprecatedSince20, match="to be removed in V3"):

        class Old(BaseSettings):
            page_size: int = 20

            class Config:
                env_prefix = "SHOP_"
                env_file = ".env"
                extra = "ignore"

    assert Old().page_size == 50
    assert dotenv.exists()


# --- Several sources


def test_the_later_file_wins_and_a_secret_file_is_weaker_than_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Settings = several_sources.Settings
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "shop_api_key").write_text("of the file\n")
    (folder / "shop_page_size").write_text("1")
    value = Settings(_secrets_dir=folder).api_key.get_secret_value()
    assert value == "of the file"
    assert Settings(_secrets_dir=folder).page_size == 1
    (tmp_path / ".env").write_text("SHOP_PAGE_SIZE=2\n")
    assert Settings(_secrets_dir=folder).page_size == 2
    (tmp_path / ".env.local").write_text("SHOP_PAGE_SIZE=3\n")
    assert Settings(_secrets_dir=folder).page_size == 3
    monkeypatch.setenv("SHOP_PAGE_SIZE", "4")
    assert Settings(_secrets_dir=folder).page_size == 4


def test_a_secrets_folder_that_does_not_exist_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "none")
    with pytest.warns(UserWarning, match="does not exist"):
        several_sources.Settings(_secrets_dir=tmp_path / "none")


def test_an_empty_file_of_a_secret_is_an_empty_key_unless_the_field_refuses_it(
    tmp_path: Path,
) -> None:
    class Unlimited(several_sources.Settings):
        api_key: SecretStr

    (tmp_path / "shop_api_key").write_text("\n")
    settings = Unlimited(_env_file=None, _secrets_dir=tmp_path)
    assert settings.api_key.get_secret_value() == ""
    with pytest.raises(ValidationError, match="at least 1"):
        several_sources.Settings(_env_file=None, _secrets_dir=tmp_path)


def test_an_empty_variable_is_a_missing_one_and_without_the_option_too_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "")
    for Settings in (shop.Settings, several_sources.Settings):
        with (
            warnings.catch_warnings(action="ignore"),
            pytest.raises(ValidationError, match="Field required"),
        ):
            Settings()
    with pytest.raises(ValidationError, match="at least 1"):
        secret.Settings()


def test_an_error_about_one_field_shows_the_secret_of_another_unless_it_is_hidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = secrets.token_hex(8)  # Pydantic shortens long ones
    monkeypatch.setenv("SHOP_API_KEY", key)
    for hidden in (False, True):

        class Settings(several_sources.Settings):
            model_config = SettingsConfigDict(
                secrets_dir=None, hide_input_in_errors=hidden
            )
            database: str

        with pytest.raises(ValidationError, match="Field required") as caught:
            Settings()
        assert (key in str(caught.value)) is not hidden
    assert several_sources.Settings.model_config.get("hide_input_in_errors")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://a.example, https://b.example", 2),
        ("https://a.example,", 1),
        ("", 0),
    ],
)
def test_a_list_with_commas_has_no_blanks_and_no_empty_parts(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: int
) -> None:
    monkeypatch.setenv("ORIGINS", value)
    origins = comma_list.Settings().origins
    assert origins == ["https://a.example", "https://b.example"][:expected]


# --- Findings


def test_settings_of_a_module_stop_its_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ValidationError, match="shop_api_key"):
        importlib.import_module(f"{FOLDER}.wrong_module_level")


@pytest.mark.parametrize("value", ["false", "0", "no", "off"])
def test_each_text_is_true_for_bool_and_is_read_as_meant_by_a_field(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("SHOP_DEBUG", value)
    assert wrong_bool.create().debug is True
    assert typed_bool.create().debug is False


def test_debug_shows_the_traceback_to_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DEBUG", "false")
    app = wrong_bool.create()

    @app.get("/")
    def broken() -> None:
        raise ZeroDivisionError

    said = TestClient(app, raise_server_exceptions=False).get("/").text
    assert "Traceback" in said


def test_a_secret_is_not_in_repr_and_error_but_a_plain_text_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = secrets.token_hex()
    monkeypatch.setenv("SHOP_API_KEY", key)
    assert key in repr(wrong_plain_secret.Settings())
    assert key not in repr(secret.Settings())
    assert secret.Settings().api_key.get_secret_value() == key
    said = []
    monkeypatch.delenv("SHOP_API_KEY")
    for module in (wrong_plain_secret, secret):
        monkeypatch.setenv("SHOP_PAGE_SIZE", key)
        with contextlib.suppress(ValidationError):
            module.Settings(api_key="none")
        try:
            module.Settings(api_key="none")
        except ValidationError as error:
            said.append(key[:20] in str(error))
    assert said == [True, False]


# --- The test of the page, and what else the page names


def test_the_override_of_the_page_reads_no_file(
    dotenv: Path, client: TestClient
) -> None:
    override_test.test_page_size(client)
    assert shop.Settings().page_size == 50
    assert dotenv.exists()


def test_nested_settings_and_names_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Database(BaseModel):
        host: str

    class Settings(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="SHOP_", env_nested_delimiter="__")
        db: Database
        port: int = Field(validation_alias="PORT")

    monkeypatch.setenv("SHOP_DB__HOST", "db.example.com")
    monkeypatch.setenv("PORT", "8080")
    settings = Settings()
    assert (settings.db.host, settings.port) == ("db.example.com", 8080)
