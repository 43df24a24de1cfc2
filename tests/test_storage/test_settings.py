"""Settings: each wrong one is named, with what to do, and its value is never shown."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.settings import BotSettings
from storage.errors import SettingsError
from storage.settings import StorageSettings, read_settings


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_defaults_and_dot_env():
    Path(".env").write_text("HEARTEN_BOT_KEY=elsewhere/bot.key\nHEARTEN_UNKNOWN=1\nHEARTEN_PASSPHRASE_FILE=\n")
    settings = read_settings(StorageSettings)
    assert settings.bot_key == Path("elsewhere/bot.key")
    assert settings.passphrase_file is None
    assert settings.database_file == Path("var/hearten.db")
    assert settings.keyring_file == Path("var/keyring.db")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (url, name)
        for url in (
            "secret",
            "sqlite+aiosqlite://",
            "postgresql://u:secret@h/d",
            "sqlite+aiosqlite:///:memory:",
            "postgresql+asyncpg://u:secret@h",
            "postgresql+asyncpg://u:secret@h:port/d",
            "postgresql+psycopg://u:secret@h/d",
        )
        for name in ("DATABASE_URL", "KEYRING_URL")
    ],
)
def test_a_url_that_leads_to_no_database(monkeypatch, url, name):
    monkeypatch.setenv(f"HEARTEN_{name}", url)
    with pytest.raises(SettingsError, match=rf"^HEARTEN_{name} cannot be used: write it as .*\.$") as caught:
        read_settings(StorageSettings)
    assert "secret" not in str(caught.value)


def test_the_keyring_must_be_apart(monkeypatch):
    monkeypatch.setenv("HEARTEN_KEYRING_URL", "sqlite+aiosqlite:///var/../var/hearten.db")
    with pytest.raises(SettingsError, match="name the same file or database"):
        read_settings(StorageSettings)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("u:secret@h/d", "v:w@h:5432/d", True),
        ("u:secret@/d?host=/run/pg", "u:secret@/d?host=/run/pg&port=5432", True),
        ("u:secret@h/d", "u:secret@h/e", False),
        ("u:secret@h/d", "u:secret@h:5433/d", False),
    ],
)
def test_a_keyring_on_a_server_must_be_apart_too(monkeypatch, one, other, same):
    monkeypatch.setenv("HEARTEN_DATABASE_URL", f"postgresql+asyncpg://{one}")
    monkeypatch.setenv("HEARTEN_KEYRING_URL", f"postgresql+asyncpg://{other}")
    if not same:
        settings = read_settings(StorageSettings)
        assert "secret" not in repr(settings)
        with pytest.raises(SettingsError, match="needs a SQLite file"):
            _ = settings.keyring_file
        return
    with pytest.raises(SettingsError, match=r"name the same file or database") as caught:
        read_settings(StorageSettings)
    assert "secret" not in str(caught.value)


def test_one_may_be_a_file_and_the_other_on_a_server(monkeypatch):
    monkeypatch.setenv("HEARTEN_DATABASE_URL", "postgresql+asyncpg://u:w@h/d?ssl=require")
    assert read_settings(StorageSettings).keyring_file == Path("var/keyring.db")


def test_an_option_of_a_server_that_is_not_known(monkeypatch):
    monkeypatch.setenv("HEARTEN_DATABASE_URL", "postgresql+asyncpg://u:secret@h/d?sslmode=require")
    with pytest.raises(SettingsError, match=r"option that is not known \(sslmode\)") as caught:
        read_settings(StorageSettings)
    assert "secret" not in str(caught.value)


def test_every_wrong_setting_of_a_larger_class_is_named(monkeypatch):
    class Larger(StorageSettings):
        telegram_token: SecretStr
        webhook_port: int = 80
        names: tuple[str, ...] = ()

    monkeypatch.setenv("HEARTEN_WEBHOOK_PORT", "secret")
    with pytest.raises(SettingsError) as caught:
        read_settings(Larger)
    assert "HEARTEN_TELEGRAM_TOKEN is missing: set it in the environment or in .env" in str(caught.value)
    assert "HEARTEN_WEBHOOK_PORT cannot be used" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    monkeypatch.setenv("HEARTEN_NAMES", "secret")
    with pytest.raises(SettingsError) as caught:
        read_settings(Larger)
    assert "secret" not in str(caught.value)


def test_dot_env_that_is_no_text():
    Path(".env").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        read_settings(StorageSettings)


def secret_file(text: str, mode: int = 0o400) -> Path:
    path = Path("secret")
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600])
def test_a_secret_can_lie_in_a_file(monkeypatch, mode):
    url = "postgresql+asyncpg://u:secret@h/d"
    secret_file(f"{url}\n", mode)
    Path(".env").write_text("HEARTEN_DATABASE_URL_FILE=secret\n")
    assert read_settings(StorageSettings).database_url == url
    monkeypatch.setenv("HEARTEN_DATABASE_URL", "")  # as a container image sets what it does not want
    assert read_settings(StorageSettings).database_url == url


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        ("sqlite+aiosqlite:///secret.db", 0o444, "everybody on this machine may read secret .*chmod o= secret"),
        ("\n", 0o400, "is empty: write the value there"),
        ("nonsense-secret", 0o400, "HEARTEN_KEYRING_URL cannot be used: write it as"),
    ],
)
def test_a_secret_file_that_will_not_do(monkeypatch, text, mode, says):
    secret_file(text, mode)
    monkeypatch.setenv("HEARTEN_KEYRING_URL_FILE", "secret")
    with pytest.raises(SettingsError, match=says) as caught:
        read_settings(StorageSettings)
    assert "nonsense" not in str(caught.value)


def test_a_secret_file_that_is_missing_or_not_alone(monkeypatch):
    monkeypatch.setenv("HEARTEN_DATABASE_URL_FILE", "secret")
    with pytest.raises(SettingsError, match=r"^secret \(HEARTEN_DATABASE_URL_FILE\) is missing"):
        read_settings(StorageSettings)
    secret_file("sqlite+aiosqlite:///one.db")
    monkeypatch.setenv("HEARTEN_DATABASE_URL", "sqlite+aiosqlite:///other.db")
    with pytest.raises(SettingsError, match="and HEARTEN_DATABASE_URL_FILE are both set"):
        read_settings(StorageSettings)


def test_the_token_can_lie_in_a_file(monkeypatch):
    secret_file("123:abc-secret\n")
    monkeypatch.setenv("HEARTEN_TELEGRAM_TOKEN_FILE", "secret")
    settings = read_settings(BotSettings)
    assert settings.telegram_token.get_secret_value() == "123:abc-secret"
    assert "abc-secret" not in repr(settings)
