"""Putting the bot together from its settings, and running it until it is asked to stop.

Stopping is graceful: nothing is accepted that is not finished, and what was finished stays finished.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramNotFound, TelegramUnauthorizedError
from aiogram.types import BotCommand

from bot.errors import BotError
from bot.exchange import Exchange
from bot.handlers import UPDATE_TYPES, make_router
from bot.outbox import Outbox
from bot.receive import Receiver
from bot.settings import BotSettings
from bot.shelf import Shelf
from bot.webhook import WebhookDoor
from flows.distress import may_need_care
from flows.guide import Guide
from flows.services import read_services
from storage.write import Store

log = logging.getLogger("hearten")

#: Seconds between two tries to reach Telegram at the start, and how long the first try may take to be told of.
START_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class Parts:
    """A bot that is put together and not yet running."""

    settings: BotSettings
    guide: Guide
    bot: Bot
    store: Store
    outbox: Outbox
    receiver: Receiver


@asynccontextmanager
async def put_together(settings: BotSettings, pace: float = 0.0) -> AsyncIterator[Parts]:
    """Read the guide and the services, open the store, make the Telegram client. Closes them all at the end.

    Raises ContentError, StorageError: each says in a sentence what to do.
    """
    services = read_services(settings.services)
    shelf = Shelf(settings.guide, services)
    guide = shelf.present
    store = await Store.open(settings)
    session = AiohttpSession(api=TelegramAPIServer.from_base(settings.telegram_api))
    bot = Bot(settings.telegram_token.get_secret_value(), session=session)
    try:
        outbox = Outbox(store, bot, pace)
        exchange = Exchange(store, shelf, services, committed=outbox.wake)
        dispatcher = Dispatcher(exchange=exchange, guide=guide, disable_fsm=True)
        dispatcher.include_router(make_router())
        receiver = Receiver(bot, dispatcher, store, apology=guide.words.could_not_save)
        yield Parts(settings, guide, bot, store, outbox, receiver)
    finally:
        await session.close()
        await store.close()


async def run(parts: Parts, stop: asyncio.Event) -> None:
    """Receive and send until `stop` is set. Raises BotError where Telegram does not know the token."""
    await _meet_telegram(parts, stop)
    if stop.is_set():
        return
    sending = asyncio.create_task(parts.outbox.run())
    # The lists of words are made ready beside the first exchanges, so that nobody's first message waits for them.
    ready = asyncio.create_task(asyncio.to_thread(may_need_care, "hello", parts.guide.distress))
    try:
        if parts.settings.webhook_url:
            async with WebhookDoor(parts.settings, parts.receiver):
                await stop.wait()
        else:
            await parts.receiver.poll(stop)
    except TelegramUnauthorizedError:
        raise BotError(_UNKNOWN_BOT) from None
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        await ready


def stop_on_signals(stop: asyncio.Event) -> None:
    """Ask for a graceful stop on Ctrl+C and on termination."""
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)


_UNKNOWN_BOT = (
    "Telegram does not know this token: copy it again from BotFather into HEARTEN_TELEGRAM_TOKEN, "
    "and check that HEARTEN_TELEGRAM_API is the address you mean."
)


async def _meet_telegram(parts: Parts, stop: asyncio.Event) -> None:
    """Check the token, choose how to receive, set the menu; wait for as long as there is no network."""
    while not stop.is_set():
        try:
            await parts.bot.get_me()
            await _choose_door(parts)
        except (TelegramUnauthorizedError, TelegramNotFound):  # a malformed token is answered as an unknown address
            raise BotError(_UNKNOWN_BOT) from None
        except TelegramAPIError as error:
            log.warning("Telegram cannot be reached (%s); trying again", type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), START_WAIT)
        else:
            await _introduce(parts)
            log.info("the bot is running")
            return


async def _choose_door(parts: Parts) -> None:
    """Tell Telegram how we want to receive: by webhook where there is one, else by asking."""
    settings = parts.settings
    if not settings.webhook_url:
        await parts.bot.delete_webhook(drop_pending_updates=False)
        return
    secret = settings.webhook_secret.get_secret_value()
    try:
        await parts.bot.set_webhook(settings.webhook_url, secret_token=secret, allowed_updates=UPDATE_TYPES)
    except TelegramBadRequest:
        raise BotError(
            "Telegram refuses the address in HEARTEN_WEBHOOK_URL: it needs https, a public name and a certificate."
        ) from None


async def _introduce(parts: Parts) -> None:
    """The menu and the description: a courtesy, without which the conversation works all the same."""
    words = parts.guide.words
    commands = [BotCommand(command=name, description=text) for name, text in words.commands.items()]
    with suppress(TelegramAPIError):
        await parts.bot.set_my_commands(commands)
    with suppress(TelegramAPIError):
        await parts.bot.set_my_description(words.about_bot)
        await parts.bot.set_my_short_description(words.short_about_bot)
