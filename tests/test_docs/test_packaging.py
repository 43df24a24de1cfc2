"""What pyproject.toml puts into a package is enough to run: every door opens from an empty folder, on a safe path."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from analysis.commands.study import ReportSettings
from bot.settings import BotSettings
from storage.settings import PREFIX
from tests.test_docs.documents import ROOT, read

ROOMS = ("bot", "flows", "storage", "analysis")
SETUPTOOLS = tomllib.loads(read("pyproject.toml"))["tool"]["setuptools"]


def packaged() -> set[Path]:
    """The files that setuptools takes: the modules of each package listed, and the data that its patterns name."""
    folders = {name: ROOT / name.replace(".", "/") for name in SETUPTOOLS["packages"]}
    modules = {file for folder in folders.values() for file in folder.glob("*.py")}
    data = {
        file
        for name, patterns in SETUPTOOLS["package-data"].items()
        for pattern in patterns
        for file in folders[name].glob(pattern)
    }
    return {file for file in modules | data if file.is_file()}


def test_no_file_of_a_room_is_left_out() -> None:
    written = {file for room in ROOMS for file in (ROOT / room).rglob("*") if file.is_file()}
    assert {file for file in written if "__pycache__" not in file.parts} == packaged()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("installed")
    for file in packaged():
        target = place / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return place


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("flows check", "13 topics"),
        ("bot --help", "demo"),
        ("storage --help", "erase"),
        ("analysis code -", '"subtheme": "compassion"'),
        ("analysis deidentify -", "[STAFF_1]"),
    ],
)
def test_every_door_opens_with_only_what_is_packaged(installed: Path, tmp_path: Path, command: str, says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", *command.split()],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"},
        input='{"id": 1, "text": "My nurse Sarah was so kind and warm to me."}\n',
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert says in done.stdout


def test_data_for_the_demo_the_pages_and_the_databases_is_packaged() -> None:
    wanted = ["bot/demo/people.toml", "bot/messenger/page/index.html", "storage/migrations/main/m0001_first.py"]
    wanted += ["analysis/summary/templates/summary.html", "flows/guides/shared/distress.toml"]
    assert {ROOT / each for each in wanted} <= packaged()


def test_the_container_is_made_of_what_is_there() -> None:
    """There is no engine here to build it with; that its files and settings exist can be seen without one."""
    lines = read("Dockerfile").splitlines()
    copied = {
        name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]
    }
    let_in = {line.removeprefix("!") for line in read(".dockerignore").splitlines() if line.startswith("!")}
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)
    known = {PREFIX + name.upper() for name in BotSettings.model_fields | ReportSettings.model_fields}
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", read("Dockerfile"))) <= known


def test_the_build_tool_that_is_pinned_is_one_that_will_do() -> None:
    (least,) = re.findall(r"setuptools>=(\d+)", read("pyproject.toml"))
    (pinned,) = re.findall(
        r"^setuptools==(\d+)[\d.]* \\\n    --hash=sha256:[0-9a-f]{64}$", read("requirements-build.lock"), re.MULTILINE
    )
    assert int(pinned) >= int(least)
