"""The door to the bot: run it with Telegram, or show it here without."""

import asyncio
import logging
import resource
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.assembly import put_together, run, stop_on_signals
from bot.errors import BotError
from bot.operating.log import log_to_stderr
from bot.settings import BotSettings
from flows.errors import ContentError
from storage.errors import StorageError
from storage.settings import read_settings

app = typer.Typer(
    help="The bot: the conversation itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command("run")
def run_bot() -> None:
    """Run the bot with Telegram: by long polling, or by webhook where HEARTEN_WEBHOOK_URL is set."""
    log_to_stderr(logging.INFO)
    with _stated():
        settings = read_settings(BotSettings)
        asyncio.run(_run(settings))


@app.command()
def demo(port: Annotated[int, typer.Option(help="Where the chat page is.", min=1, max=65534)] = 8080) -> None:
    """Show everything on this computer, without Telegram: the bot, a chat page, and what others would see."""
    from rich.console import Console  # noqa: PLC0415

    from bot.demo.show import show  # noqa: PLC0415 - the bot itself does without the messenger and all that it needs

    log_to_stderr(logging.WARNING)
    with _stated():
        asyncio.run(show(port, Console(highlight=False)))


async def _run(settings: BotSettings) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with put_together(settings) as parts:
        await run(parts, stop)


@contextmanager
def _stated() -> Iterator[None]:
    """Turn a failure into one sentence and exit 1. No traceback, no core dump: they could hold words."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        yield
    except (BotError, ContentError, StorageError) as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    except Exception as error:  # noqa: BLE001 - whatever it is, its text stays in here
        where = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
        print(
            f"Hearten stopped at something that it does not know ({kind}). Nothing is lost: start it again.",
            file=sys.stderr,
        )
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app(prog_name="python -m bot")
