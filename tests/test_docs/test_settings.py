"""Every setting is in the README with its default, and the example files there are ones that work."""

from pathlib import Path

import pytest

from analysis.commands.study import ReportSettings
from bot.settings import BotSettings
from flows.services import read_services
from storage.retention import Rules, read_rules
from storage.settings import PREFIX
from tests.test_docs.documents import blocks, read, rows

README = read("README.md")
DOCUMENTED = {row[0].strip("`"): row[1] for row in rows(README, "## Settings")}


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    fields = BotSettings.model_fields | ReportSettings.model_fields
    assert sorted(DOCUMENTED) == sorted(PREFIX + name.upper() for name in fields)


@pytest.mark.parametrize("name", BotSettings.model_fields)
def test_defaults_are_as_they_are_in_the_code(name: str) -> None:
    field, said = BotSettings.model_fields[name], DOCUMENTED[PREFIX + name.upper()]
    if field.is_required():
        assert "must be set" in said
    elif field.default is None:
        assert said.startswith("none")
    elif str(field.default) == "":
        assert said.startswith("empty")
    else:
        assert said.startswith(f"`{field.default}`")


def test_the_services_file_of_the_readme_is_read(tmp_path: Path) -> None:
    (example,) = blocks(README, "toml")
    (tmp_path / "services.toml").write_text(example, "utf-8")
    (service,) = read_services(tmp_path / "services.toml").service
    assert service.contacts is not None
    assert f"?start={service.code}`" in README


def test_the_rules_of_retention_of_the_readme_are_those_in_the_code(tmp_path: Path) -> None:
    (example,) = blocks(README, "text")
    (tmp_path / "retention.toml").write_text(example, "utf-8")
    rules = read_rules(tmp_path / "retention.toml")
    assert rules.model_fields_set == set(Rules.model_fields)
    assert rules == Rules(study_ends=rules.study_ends)


def test_the_settings_file_of_the_readme_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = blocks(README, "ini")
    Path(".env").write_text(example, "utf-8")
    settings = BotSettings()  # type: ignore[call-arg]  # from .env
    assert settings.services == Path("services.toml")
