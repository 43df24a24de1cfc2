"""The units of systemd: systemd itself takes them, finds little that they could do, and they name what is there."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.__main__ import app as analysis
from analysis.commands.study import ReportSettings
from bot.__main__ import app as bot
from bot.demo.stage import set_stage
from bot.settings import BotSettings
from storage.__main__ import app as storage
from storage.settings import PREFIX
from storage.write import Store
from tests.test_docs.documents import ROOT

UNITS = ROOT / "deploy" / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
TIMERS = sorted(path.name for path in UNITS.glob("*.timer"))
DOORS = {"bot": bot, "storage": storage, "analysis": analysis}
#: Of systemd-analyze security, tenths: 0 is locked in, 100 is free. The bot needs the internet; a task on files none.
MOST = {"hearten-bot.service": 12, "hearten-tell@.service": 12}
OTHERWISE = 7

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here (Debian: systemd)"
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a machine with the units in place, and something to start where they look for it."""
    root = tmp_path_factory.mktemp("machine")
    shutil.copytree(UNITS, root / "etc/systemd/system")
    for program in ("opt/hearten/.venv/bin/python", "opt/hearten/deploy/back-up", "usr/bin/logger"):
        (root / program).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", root / program)
    targets = root / "usr/lib/systemd/system"
    targets.mkdir(parents=True)
    for name in ("multi-user", "network-online", "network", "time-sync", "timers", "sysinit", "basic", "shutdown"):
        (targets / f"{name}.target").write_text("[Unit]\n")
    return root


def analyze(machine: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("systemd-analyze")
    assert program is not None
    return subprocess.run(
        [program, *command, f"--root={machine}"],
        cwd=machine / "etc/systemd/system",
        capture_output=True,
        text=True,
        check=False,
    )


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES + TIMERS)
def test_systemd_takes_the_unit(machine: Path, unit: str) -> None:
    done = analyze(machine, "verify", "--man=no", unit.replace("@.", "@hearten-bot."))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_systemd_sees_a_unit_that_is_wrong(machine: Path) -> None:
    unit = machine / "etc/systemd/system/hearten-wrong.service"
    unit.write_text("[Service]\nExecStart=/opt/hearten/missing\n")
    try:
        assert "not executable" in analyze(machine, "verify", "--man=no", unit.name).stderr
    finally:
        unit.unlink()


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES)
def test_there_is_little_that_a_unit_may_do(machine: Path, unit: str) -> None:
    name = unit.replace("@.", "@hearten-bot.")
    most = MOST.get(unit, OTHERWISE)
    done = analyze(machine, "security", "--offline=true", f"--threshold={most}", "--no-pager", name)
    assert done.returncode == 0, done.stdout[-500:]


@pytest.mark.parametrize("unit", SERVICES)
def test_commands_and_settings_of_units_exist(unit: str) -> None:
    text = (UNITS / unit).read_text("utf-8")
    for room, command in re.findall(r"-m (\w+) (\w+)", text):
        assert command in {each.name or each.callback.__name__ for each in DOORS[room].registered_commands}  # type: ignore[union-attr]
    known = {PREFIX + name.upper() for name in BotSettings.model_fields | ReportSettings.model_fields}
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", text)) - {"HEARTEN_PYTHON"} <= known
    for told in re.findall(r"^OnFailure=([\w-]+@)%n", text, re.MULTILINE):
        assert (UNITS / f"{told}.service").is_file()


def test_the_settings_of_a_host_are_settings() -> None:
    lines = (UNITS / "settings").read_text("utf-8").splitlines()
    names = [line.partition("=")[0] for line in lines if not line.startswith("#")]
    assert {name.removeprefix(PREFIX).lower() for name in names} <= BotSettings.model_fields.keys()
    assert not [name for name in names if "TOKEN" in name or "SECRET" in name]


def test_every_timer_has_its_service_and_every_task_a_timer() -> None:
    timed = {name.removesuffix(".timer") for name in TIMERS}
    assert timed == {name.removesuffix(".service") for name in SERVICES} - {"hearten-bot", "hearten-tell@"}


def make_databases(folder: Path) -> dict[str, str]:
    """A host with keys and empty databases; the settings of it, as environment variables."""
    stage = set_stage(folder / "stage")
    settings = {name: value for name, value in stage.environment().items() if not name.endswith(("DESK", "SERVICES"))}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **settings}
    migrate = [sys.executable, "-m", "storage", "migrate"]
    subprocess.run(migrate, cwd=folder, env=environment, capture_output=True, check=True)
    asyncio.run(_first_start(BotSettings(**_fields(settings))))  # type: ignore[arg-type]
    return environment | {"HEARTEN_PYTHON": sys.executable}


def _fields(settings: dict[str, str]) -> dict[str, str]:
    return {name.removeprefix(PREFIX).lower(): value for name, value in settings.items()} | {"telegram_token": "1:a"}


async def _first_start(settings: BotSettings) -> None:
    await (await Store.open(settings)).close()


def test_backups_by_timer_keep_eight_of_the_answers_and_one_of_the_keyring(tmp_path: Path) -> None:
    environment = make_databases(tmp_path)
    answers, keyring = tmp_path / "answers", tmp_path / "keys"
    for folder, name in ((answers, "answers"), (keyring, "keyring")):
        folder.mkdir()
        for day in range(1, 10):
            (folder / f"{name}-2020-01-0{day}T030000Z.backup").write_text("old")
        (folder / "something else").write_text("not ours")
    command = [ROOT / "deploy" / "back-up", answers, keyring]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kept = sorted(path.name for path in answers.glob("answers-*"))
    assert len(kept) == 8
    assert kept[0] == "answers-2020-01-03T030000Z.backup"
    (newest,) = keyring.glob("keyring-*")
    assert newest.read_bytes() != b"old"
    assert (answers / "something else").exists()


def test_a_backup_that_fails_deletes_nothing(tmp_path: Path) -> None:
    environment = make_databases(tmp_path) | {"HEARTEN_KEYRING_URL": "sqlite+aiosqlite:////nowhere/keyring.db"}
    (tmp_path / "keyring-2020-01-01T030000Z.backup").write_text("old")
    command = [ROOT / "deploy" / "back-up", tmp_path, tmp_path]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert (tmp_path / "keyring-2020-01-01T030000Z.backup").exists()
