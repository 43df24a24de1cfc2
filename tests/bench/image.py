"""The images of the Dockerfile without an engine: its steps are done in clean roots, and the bot talks from there.

A base named debian:N is made by mmdebstrap from the same release, with the paths left out that Debian's slim images
leave out; each RUN goes on in the root by chroot, each COPY by cp. Then the bot is started as compose.yaml starts
it: user 10001, its root read-only, no new privileges, no capabilities; and somebody talks to it through the local
messenger. Printed: the size of each root and the memory of the idle bot. Needs root, mmdebstrap, Debian's mirror and
the package index; a few minutes. `make image`.

What this does not show: that an engine takes the file, that the base of that digest is what Debian's mirror has, and
compose.yaml at work.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.table import Table

from bot.demo.stage import SERVICES, Stage, make_token, set_stage
from bot.messenger import Messenger
from storage.keyfiles import read_text
from storage.keys import read_research_key
from storage.read import Reader
from storage.settings import StorageSettings
from tests.test_bot.conftest import to_first_question
from tests.test_deploy.dockerfile import Stage as Built
from tests.test_deploy.dockerfile import Step, read_stages, whole

ROOT = Path(__file__).parents[2]
RELEASES = {"debian:13": "trixie"}
SLIM = ("doc", "info", "linda", "lintian", "locale", "man")
USER = 10001
IMAGE, MEMORY = 250, 120
ANSWER = "They phoned me back the same day."


class Roots:
    """Stages as folders below `folder`, each made once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stages = read_stages(ROOT / "Dockerfile")

    def make(self, name: str) -> Path:
        place = self._folder / name.replace(":", "-").replace("/", "-")
        if place.exists():
            return place
        if name not in self._stages:
            _make_base(name, place)
            return place
        stage = self._stages[name]
        base = self.make(stage.base.partition("@")[0])
        subprocess.run([_found("cp"), "-a", str(base), str(place)], check=True)
        self._carry_out(stage, place)
        return place

    def _carry_out(self, stage: Built, place: Path) -> None:
        """What an engine only notes while it builds (ENV, USER, VOLUME, CMD) counts when the bot is started."""
        below = whole(self._stages, stage.base) if stage.base in self._stages else []
        cwd = next((step.rest for step in reversed(below) if step.word == "WORKDIR"), "/")
        for step in stage.steps:
            match step.word:
                case "RUN":
                    _enter(place, ["/bin/sh", "-c", step.rest], cwd=cwd)
                case "COPY":
                    self._copy(step, place, cwd)
                case "WORKDIR":
                    cwd = step.rest
                    (place / cwd.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _copy(self, step: Step, place: Path, cwd: str) -> None:
        sources, target = step.places
        origin = ROOT if step.source is None else self.make(step.source)
        for source in sources:
            goal = place / os.path.normpath(PurePosixPath(cwd, target)).lstrip("/")
            goal = goal / Path(source).name if target.endswith("/") else goal
            goal.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run([_found("cp"), "-a", "-T", str(origin / source.lstrip("/")), str(goal)], check=True)
            for left in goal.rglob("__pycache__") if step.source is None else ():
                shutil.rmtree(left)


def _make_base(name: str, place: Path) -> None:
    release = next(release for base, release in RELEASES.items() if name.startswith(base))
    leave_out = [f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in SLIM]
    options = ["--variant=minbase", *leave_out, "--dpkgopt=path-include=/usr/share/doc/*/copyright"]
    subprocess.run([_found("mmdebstrap"), "--quiet", *options, release, str(place)], check=True)


def _enter(place: Path, command: list[str], *, cwd: str) -> None:
    """Run a command in a root, with the network as it is here: names, certificates and where the index is."""
    handed = {name: value for name, value in os.environ.items() if name in {"PIP_CERT", "PIP_INDEX_URL", "HTTPS_PROXY"}}
    mounts = "mount --rbind /dev dev && mount -t proc proc proc && mount --bind /etc/resolv.conf etc/resolv.conf"
    if "PIP_CERT" in handed:
        (place / "run/certificates.pem").write_bytes(Path(handed["PIP_CERT"]).read_bytes())
        handed["PIP_CERT"] = "/run/certificates.pem"
    (place / "etc/resolv.conf").touch()
    inner = f'{mounts} && exec chroot . env -i -C {cwd} "$@"'
    settings = [
        f"{name}={value}" for name, value in {"PATH": _PATH, "DEBIAN_FRONTEND": "noninteractive", **handed}.items()
    ]
    try:
        subprocess.run(
            [*_alone(), "--pid", "--fork", "--kill-child", "sh", "-c", inner, "sh", *settings, *command],
            cwd=place,
            check=True,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    finally:
        (place / "run/certificates.pem").unlink(missing_ok=True)


def _alone() -> list[str]:
    return [_found("unshare"), "--mount"]


def _found(program: str) -> str:
    path = shutil.which(program)
    assert path is not None, f"{program} is not installed here"
    return path


_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def megabytes(place: Path, *options: str) -> float:
    """What the files of a root take on the disk, or with --apparent-size hold, in units of 1,000,000 bytes."""
    command = [_found("du"), "-s", "-x", *options, "--block-size=1", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0]) / 1e6


def start_in(place: Path, volumes: dict[str, Path], variables: dict[str, str], command: list[str]) -> list[str]:
    """The command line of a process in a read-only root, as user 10001, without privileges and without a way to any."""
    binds = "".join(f"mount --bind {path} .{where} && " for where, path in volumes.items())
    mounts = (
        "mount --bind . . && cd . && mount --rbind /dev dev && mount -t proc proc proc && mount -t tmpfs tmpfs tmp && "
        f"{binds}mount -o remount,ro,bind ."
    )
    inner = f"cd {place} && {mounts} && exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid "
    inner += f'chroot --userspec={USER}:{USER} --groups={USER} . env -i -C /data "$@"'
    settings = [f"{name}={value}" for name, value in variables.items()]
    return [*_alone(), "sh", "-c", inner, "sh", *settings, *command]


def environment_of(name: str) -> dict[str, str]:
    variables = {"PATH": _PATH}
    for step in whole(read_stages(ROOT / "Dockerfile"), name):
        if step.word == "ENV":
            variables |= {key: value.replace("$PATH", variables["PATH"]) for key, value in step.variables.items()}
    return variables


def health_check() -> list[str]:
    steps = read_stages(ROOT / "Dockerfile")["bot"].steps
    said = next(step.rest for step in steps if step.word == "HEALTHCHECK")
    command: list[str] = json.loads(said.partition("CMD ")[2])
    return command


def memory(process: int) -> dict[str, float]:
    """Rss and Pss of a process, in MB (/proc/PID/smaps_rollup)."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    return {
        line.split(":")[0]: int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(("Rss:", "Pss:"))
    }


async def converse(image: Path, folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Memory of the bot before anybody wrote and after a conversation from the link to a stored answer."""
    token = make_token()
    stage = set_stage(folder / "stage")
    volumes = {f"/{name}": folder / name for name in ("data", "keyring", "config")}
    for path in volumes.values():
        path.mkdir()
        os.chown(path, USER, USER)
    shutil.copytree(stage.folder / "recipients", folder / "config/recipients")
    shutil.copyfile(SERVICES, folder / "config/services.toml")
    secret = folder / "config/token"
    secret.write_text(token + "\n")
    secret.chmod(0o440)
    os.chown(secret, 0, USER)
    messenger = Messenger(token)
    await messenger.start()
    variables = environment_of("bot") | {
        "HEARTEN_TELEGRAM_TOKEN_FILE": "/config/token",
        "HEARTEN_TELEGRAM_API": messenger.url,
        "HEARTEN_MESSAGES_PER_SECOND": "0",
    }
    process = await asyncio.create_subprocess_exec(*start_in(image, volumes, variables, ["python", "-m", "bot", "run"]))
    try:
        while not messenger.calls:
            await asyncio.sleep(0.1)
            assert process.returncode is None, "the bot ended"
        await asyncio.sleep(10)
        idle = memory(process.pid)
        person = messenger.person(1)
        question = await to_first_question(person)
        await person.send(ANSWER)
        step = next(b.data for row in question.buttons for b in row if b.data.startswith("help:")).removeprefix("help:")
        done = f"done:{step}"
        offered = await person.wait_for(lambda message: any(b.data == done for row in message.buttons for b in row))
        await person.press(offered, done)
        await person.next_message(timeout=30)
        check = start_in(image, volumes, variables, health_check())
        checking = await asyncio.create_subprocess_exec(*check)
        assert await checking.wait() == 0, "the health check fails"
        after = memory(process.pid)
    finally:
        process.terminate()
        assert await process.wait() == 0, "the bot did not end well"
        await messenger.stop()
    await _see_answer(folder, stage)
    return idle, after


async def _see_answer(folder: Path, stage: Stage) -> None:
    settings = StorageSettings(
        database_url=f"sqlite+aiosqlite:///{folder}/data/hearten.db",
        keyring_url=f"sqlite+aiosqlite:///{folder}/keyring/keyring.db",
    )
    reader = await Reader.open(settings, read_research_key(stage.research_key, read_text(stage.passphrase).strip()))
    try:
        said = [part.text async for answer in reader.answers() for part in answer.parts]
    finally:
        await reader.close()
    assert said == [ANSWER], "the answer is not what was said"


def main() -> None:
    if os.geteuid() or not shutil.which("mmdebstrap"):
        sys.exit("This needs root and mmdebstrap (Debian: apt install mmdebstrap).")
    table = Table("image", "in files, MB", "on the disk, MB", "wanted", title="Images, from clean roots")
    with tempfile.TemporaryDirectory() as name:
        roots = Roots(Path(name) / "roots")
        Path(name, "roots").mkdir()
        for target in sys.argv[1:] or ["bot", "keeper", "analysis"]:
            place = roots.make(target)
            held, taken = megabytes(place, "--apparent-size"), megabytes(place)
            table.add_row(target, f"{held:.0f}", f"{taken:.0f}", f"under {IMAGE}" if target == "bot" else "")
        Console().print(table)
        talk = Path(name) / "talk"
        talk.mkdir()
        talk.chmod(0o755)
        Path(name).chmod(0o755)
        idle, after = asyncio.run(converse(roots.make("bot"), talk))
    said = ", ".join(f"{name} {idle[name]:.0f} MB idle and {after[name]:.0f} MB afterwards" for name in ("Pss", "Rss"))
    Console().print(f"A conversation from the bot's root: kept, and read back. Memory ({MEMORY} wanted): {said}.")


if __name__ == "__main__":
    main()
