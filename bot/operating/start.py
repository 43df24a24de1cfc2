"""The start: is the token known, is the clock right, may we receive in the way that was asked for.

What cannot be mended by waiting stops the start with one sentence; what can, such as a network that is not there yet,
is waited for. What Telegram shows of us (the menu, the descriptions) is a courtesy and stops nothing.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramNotFound, TelegramUnauthorizedError
from aiogram.types import BotCommand

from bot.errors import BotError
from bot.receiving.handlers import UPDATE_TYPES
from bot.settings import BotSettings
from flows.words import Words

log = logging.getLogger("hearten")

#: Seconds between two tries to reach Telegram.
START_WAIT = 5.0
#: Seconds by which our clock may differ from Telegram's. Reminders, quiet hours and the time to think depend on it.
CLOCK_MAY_DIFFER = 300.0

UNKNOWN_BOT = (
    "Telegram does not know this token: copy it again from BotFather into HEARTEN_TELEGRAM_TOKEN, "
    "and check that HEARTEN_TELEGRAM_API is the address you mean."
)


async def meet_telegram(
    bot: Bot, settings: BotSettings, words: Words, clock: Callable[[], datetime], stop: asyncio.Event
) -> None:
    """Return when everything is ready, or when `stop` is set. Raises BotError with a sentence that says what to do."""
    while not stop.is_set():
        try:
            await bot.get_me()
            await _check_clock(settings.telegram_api, clock)
            await _choose_door(bot, settings)
        except (TelegramUnauthorizedError, TelegramNotFound):  # a malformed token is answered as an unknown address
            raise BotError(UNKNOWN_BOT) from None
        except (AiogramError, aiohttp.ClientError, OSError) as error:
            log.warning("Telegram cannot be reached (%s); trying again", type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), START_WAIT)
        else:
            await _introduce(bot, words)
            log.info("the bot is running")
            return


async def _check_clock(api: str, clock: Callable[[], datetime]) -> None:
    """Every answer over HTTP says what time it is there (RFC 9110, Date)."""
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(api, allow_redirects=False) as answer:
        said = answer.headers.get("Date", "")
    try:
        there = parsedate_to_datetime(said)
    except ValueError:
        return
    off = clock() - (there if there.tzinfo else there.replace(tzinfo=UTC))
    if abs(off.total_seconds()) > CLOCK_MAY_DIFFER:
        minutes = round(abs(off.total_seconds()) / 60)
        ahead = "ahead of" if off.total_seconds() > 0 else "behind"
        raise BotError(
            f"The clock of this computer is {minutes} minutes {ahead} Telegram's: set it, best by NTP, and start again."
        )


async def _choose_door(bot: Bot, settings: BotSettings) -> None:
    """Tell Telegram how we want to receive: by webhook where there is one, else by asking."""
    if not settings.webhook_url:
        await bot.delete_webhook(drop_pending_updates=False)
        return
    secret = settings.webhook_secret.get_secret_value()
    try:
        await bot.set_webhook(settings.webhook_url, secret_token=secret, allowed_updates=UPDATE_TYPES)
    except TelegramBadRequest:
        raise BotError(
            "Telegram refuses the address in HEARTEN_WEBHOOK_URL: it needs https, a public name and a certificate."
        ) from None


async def _introduce(bot: Bot, words: Words) -> None:
    commands = [BotCommand(command=name, description=text) for name, text in words.commands.items()]
    with suppress(AiogramError, OSError):
        await bot.set_my_commands(commands)
    with suppress(AiogramError, OSError):
        await bot.set_my_description(words.about_bot)
        await bot.set_my_short_description(words.short_about_bot)
