"""Running the demo: messenger, bot, the analysis pages, and at the first start the invented people."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.assembly import Parts, put_together, run, stop_on_signals
from bot.demo.cast import read_cast
from bot.demo.player import Player
from bot.demo.rows import DatabaseView
from bot.demo.stage import SERVICES, Stage, make_token, set_stage
from bot.errors import BotError, PortInUse
from bot.messenger import Messenger
from bot.messenger import PortInUse as MessengerPortInUse
from bot.settings import BotSettings
from flows.services import read_services
from storage.migrate import migrate

FOLDER = Path("var/demo")

#: Invented people have numbers from here on; the newcomer is person 1.
FIRST_INVENTED = 1001
#: How many of them write at the same time.
AT_ONCE = 8
#: Seconds between two messages to one person, so that they can be read as they come.
PACE = 0.6


async def show(port: int, console: Console) -> None:
    """Run the demo until it is asked to stop. Raises BotError, StorageError, ContentError with a sentence each."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    token = make_token()
    messenger = Messenger(token)
    try:
        await messenger.start(port)
    except MessengerPortInUse:
        raise PortInUse(port) from None
    try:
        stage = set_stage(FOLDER)
        settings = stage.settings(messenger.url, token)
        await bring_up_to_date(stage, settings)
        async with put_together(settings, clock=lambda: datetime.fromtimestamp(messenger.clock(), UTC)) as parts:
            messenger.show_rows(DatabaseView(parts.store, stage.folder / "hearten.db"))
            running = asyncio.create_task(run(parts, stop))
            showing = asyncio.create_task(_show_around(messenger, parts, stage, console))
            await asyncio.wait([running, showing], return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            await running
            showing.cancel()
            with suppress(asyncio.CancelledError):
                await showing
    finally:
        await messenger.stop()


async def bring_up_to_date(stage: Stage, settings: BotSettings) -> None:
    """Go on with what an earlier version of the demo kept: nobody should have to mend that by hand."""
    if (stage.folder / "hearten.db").exists():
        await migrate(settings)


async def _show_around(messenger: Messenger, parts: Parts, stage: Stage, console: Console) -> None:
    """Say where everything is, let the invented people talk, and stay until cancelled."""
    code = read_services(SERVICES).service[0].code
    console.print(f"\nTalk to the bot:  [bold]{messenger.url}/?start={code}[/bold]\n", soft_wrap=True)
    console.print("Nothing leaves this computer. Ctrl+C ends the demo; `rm -r var/demo` forgets it.\n", style="dim")
    async with _analysis(stage, messenger.port + 1) as links:
        messenger.links = links
        for label, address in links:
            console.print(f"{label}:  {address}", soft_wrap=True)
        if not stage.played.exists():
            await _play_people(messenger, code, console)
            stage.played.touch()
        parts.outbox.pause = PACE
        await asyncio.Event().wait()


async def _play_people(messenger: Messenger, code: str, console: Console) -> None:
    """Two dozen invented people talk to the bot, so that the summary has something to show."""
    cast = read_cast()
    places = asyncio.Semaphore(AT_ONCE)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Invented people are talking to the bot", total=len(cast))

        async def play(number: int) -> None:
            async with places:
                await Player(messenger.person(FIRST_INVENTED + number), cast[number]).play(code)
                progress.advance(task)

        await asyncio.gather(*(play(number) for number in range(len(cast))))


@asynccontextmanager
async def _analysis(stage: Stage, port: int) -> AsyncIterator[list[tuple[str, str]]]:
    """`analysis serve` as a process of its own, as a researcher would start it, and the addresses of its pages."""
    command = [sys.executable, "-m", "analysis", "serve", "--key", str(stage.research_key), "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        *command, env=os.environ | stage.environment(), stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    try:
        lines = [(await process.stdout.readline()).decode() for _ in range(2)]
        if not all(lines):
            raise BotError("The two other pages could not be started, for the reason above, so the demo stops.")
        yield [(label.strip(), address.strip()) for label, _, address in (line.partition(": ") for line in lines)]
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
