"""The demo as a newcomer starts it: a process of its own in an empty folder, known only by the addresses it prints."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(r"(Talk to the bot|What the service would see|What the researcher would see): +(http://\S+)")


@dataclass
class Demo:
    """`python -m bot demo` in `folder`. `chat`, `service` and `researcher` are the addresses that it printed."""

    folder: Path
    process: asyncio.subprocess.Process
    addresses: dict[str, str] = field(default_factory=dict)
    output: str = ""
    seconds_to_chat: float = 0.0

    @classmethod
    async def start(cls, folder: Path) -> "Demo":
        """Start it, and return when all three addresses are printed."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEARTEN_")}
        begun = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "demo", "--port", str(_free_port())),
            cwd=folder,
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        demo = cls(folder, process)
        assert process.stdout is not None
        while len(demo.addresses) < 3:
            line = (await asyncio.wait_for(process.stdout.readline(), timeout=60)).decode()
            demo.output += line
            assert line, f"The demo ended before it printed its addresses:\n{demo.output}"
            demo.addresses |= dict(ADDRESS.findall(line))
            demo.seconds_to_chat = demo.seconds_to_chat or bool(demo.addresses) * (time.perf_counter() - begun)
        return demo

    @property
    def chat(self) -> str:
        return self.addresses["Talk to the bot"]

    @property
    def service(self) -> str:
        return self.addresses["What the service would see"]

    @property
    def researcher(self) -> str:
        return self.addresses["What the researcher would see"]

    async def until_people_spoke(self) -> None:
        """Wait until the invented people have had their say."""
        async with asyncio.timeout(90):
            while not (self.folder / "var/demo/played").exists():
                await asyncio.sleep(0.1)

    async def interrupt(self) -> int:
        """Ctrl+C; the exit code. Everything it wrote is in `output` afterwards."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
        rest, _ = await asyncio.wait_for(self.process.communicate(), timeout=30)
        self.output += rest.decode()
        assert self.process.returncode is not None
        return self.process.returncode

    def processes(self) -> list[str]:
        """The command lines of all processes that live in the demo's folder."""
        return [" ".join(_arguments(each)[1:4]) for each in Path("/proc").glob("[0-9]*") if _home(each) == self.folder]

    def every_byte(self) -> bytes:
        """All that is on the disk of this demo."""
        files = [each for each in sorted((self.folder / "var").rglob("*")) if each.is_file()]
        assert any(each.name == "hearten.db" for each in files)
        return b"".join(each.read_bytes() for each in files)


def _free_port() -> int:
    """A port that is free together with the one after it, which the demo takes for the other two pages."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def _home(process: Path) -> Path | None:
    try:
        return (process / "cwd").readlink()
    except OSError:
        return None


def _arguments(process: Path) -> list[str]:
    return (process / "cmdline").read_bytes().decode().split("\0")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    """One demo for the whole story. The browser comes first, so that it is there when the clock starts."""
    assert browser.is_connected()
    started = await Demo.start(tmp_path_factory.mktemp("newcomer").resolve())
    try:
        yield started
    finally:
        if started.process.returncode is None:
            await started.interrupt()
