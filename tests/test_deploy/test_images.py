"""The Dockerfile and compose.yaml, as far as they can be seen without an engine. `make image` carries the steps out."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from analysis.commands.study import ReportSettings
from bot.settings import BotSettings
from storage.settings import PREFIX
from tests.test_deploy.dockerfile import read_stages, whole
from tests.test_docs.documents import ROOT, read

STAGES = read_stages(ROOT / "Dockerfile")
TARGETS = ("bot", "keeper", "analysis")
COMPOSE = yaml.safe_load(read("compose.yaml"))
PINNED = re.compile(r"[a-z]+:\d+\.\d+(?:-slim)?@sha256:[0-9a-f]{64}")
PLUGIN = next(
    (
        path
        for folder in ("/usr/libexec/docker", "/usr/lib/docker", "/usr/local/lib/docker")
        if (path := Path(folder) / "cli-plugins" / "docker-compose").exists()
    ),
    None,
)


def test_the_linter_finds_nothing() -> None:
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([linter, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_bases_are_pinned_by_digest() -> None:
    bases = {stage.base for stage in STAGES.values()} - STAGES.keys()
    images = {service["image"] for service in COMPOSE["services"].values() if "build" not in service}
    assert bases
    assert all(PINNED.fullmatch(each) for each in bases | images)


@pytest.mark.parametrize("target", TARGETS)
def test_each_image_runs_as_nobody_and_on_a_safe_path(target: str) -> None:
    steps = whole(STAGES, target)
    assert [step.rest for step in steps if step.word == "USER"][-1] == "10001:10001"
    variables = {name: value for step in steps if step.word == "ENV" for name, value in step.variables.items()}
    assert variables["PYTHONSAFEPATH"] == "1"
    known = {PREFIX + name.upper() for name in BotSettings.model_fields | ReportSettings.model_fields}
    assert {name for name in variables if name.startswith(PREFIX)} <= known
    assert any(step.word == "HEALTHCHECK" for step in steps)
    command = json.loads([step.rest for step in steps if step.word == "CMD"][-1])
    assert command[:2] == ["python", "-m"]


def test_the_default_image_is_the_bot_and_it_holds_no_room_of_the_researchers() -> None:
    assert list(STAGES)[-1] == "bot"
    installs = next(step.rest for step in STAGES["for-bot"].steps if step.word == "RUN")
    assert "/site-packages/analysis" in installs
    assert "requirements-bot.lock" in installs


def pins(lock: str) -> dict[str, list[str]]:
    """Of each package in a lock file: its pins, with hashes."""
    found: dict[str, list[str]] = {}
    for name, rest in re.findall(r"^([a-z0-9-]+)==(.*(?:\n    .*)*)", read(lock), re.MULTILINE):
        found.setdefault(name, []).append(rest)
    return found


@pytest.mark.parametrize(
    ("part", "of"),
    [("requirements-bot.lock", "requirements.lock"), ("requirements-analysis.lock", "requirements-dev.lock")],
)
def test_locks_of_images_say_what_the_tests_ran_with(part: str, of: str) -> None:
    smaller, larger = pins(part), pins(of)
    assert smaller
    assert {name: smaller[name] for name in smaller} == {name: larger.get(name) for name in smaller}


ALONE = """
import importlib, importlib.metadata, pkgutil, sys

locked = set(sys.argv[1].split())
owners = importlib.metadata.packages_distributions()

class OnlyLocked:
    def find_spec(self, name, path=None, target=None):
        of = owners.get(name.partition(".")[0])
        if of and not {each.lower().replace("_", "-").replace(".", "-") for each in of} & locked:
            raise ImportError(f"{name} is not in the lock of the bot's image")

sys.meta_path.insert(0, OnlyLocked())
for room in ("bot", "flows", "storage"):
    for module in pkgutil.walk_packages([room], room + "."):
        if module.name not in ("flows.likeness.learn", "storage.migrations.env"):  # learning is for writers of guides
            importlib.import_module(module.name)
"""


def test_the_bot_needs_nothing_that_is_not_in_its_lock() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    locked = " ".join(pins("requirements-bot.lock"))
    done = subprocess.run(
        [sys.executable, "-c", ALONE, locked], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "scikit-learn" not in locked
    assert "textblob" not in locked


def test_the_services_of_compose_are_guarded_and_fit_the_images() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert set(service.get("secrets", ())) <= COMPOSE["secrets"].keys()
        assert set(service["networks"]) <= COMPOSE["networks"].keys()
        if "build" in service:
            assert service["build"]["target"] in STAGES
    known = {PREFIX + name.upper() for name in BotSettings.model_fields}
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", read("compose.yaml"))) <= known
    handed = {value for value in services["bot"]["environment"].values() if value.startswith("/run/secrets/")}
    assert {path.removeprefix("/run/secrets/") for path in handed} == set(services["bot"]["secrets"])


def test_the_keyring_shares_nothing_with_the_answers() -> None:
    answers, keys = COMPOSE["services"]["answers"], COMPOSE["services"]["keys"]
    for what in ("networks", "volumes", "secrets"):
        assert not set(answers[what]) & set(keys[what])
    assert COMPOSE["networks"]["answers"]["internal"]
    assert COMPOSE["networks"]["keys"]["internal"]


@pytest.mark.skipif(PLUGIN is None, reason="Docker Compose is not installed here (Debian: docker-compose)")
def test_compose_takes_the_file() -> None:
    assert PLUGIN is not None
    command = [PLUGIN, "-f", ROOT / "compose.yaml", "--profile", "tasks", "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})
    assert (done.returncode, done.stderr) == (0, "")
