"""Putting the bot together from its settings, and running it until it is asked to stop.

Stopping is graceful: nothing is accepted that is not finished, and what was finished stays finished.
"""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramUnauthorizedError

from bot.conversation.exchange import Exchange
from bot.conversation.reminders import Reminders
from bot.conversation.shelf import Shelf
from bot.errors import BotError
from bot.operating.health import StatusDoor
from bot.operating.metrics import Metrics
from bot.operating.start import UNKNOWN_BOT, meet_telegram
from bot.receiving.handlers import make_router
from bot.receiving.intake import Intake
from bot.receiving.polling import LONG_POLL, Polling
from bot.receiving.webhook import WebhookDoor
from bot.sending.outbox import Outbox
from bot.sending.pace import Pace
from bot.sending.post import Post, Revoked
from bot.settings import BotSettings
from flows.commands import understand
from flows.distress import may_need_care
from flows.guide import Guide
from flows.services import read_services
from storage.errors import StorageError
from storage.retention import read_rules
from storage.write import Store

#: How many new objects there must be before garbage is looked for among them, and how often among older ones.
SELDOM = 10_000, 20, 20

Clock = Callable[[], datetime]


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """A bot that is put together and not yet running."""

    settings: BotSettings
    guide: Guide
    bot: Bot
    store: Store
    outbox: Outbox
    intake: Intake
    polling: Polling
    reminders: Reminders
    metrics: Metrics
    clock: Clock


@asynccontextmanager
async def put_together(settings: BotSettings, clock: Clock = now) -> AsyncIterator[Parts]:
    """Read the guide and the services, open the store, make the Telegram client. Closes them all at the end.

    Raises ContentError, StorageError: each says in a sentence what to do.
    """
    services, rules = read_services(settings.services), read_rules(settings.retention)
    shelf = Shelf(settings.guide, services)
    guide = shelf.present
    store = await Store.open(settings)
    session = AiohttpSession(api=TelegramAPIServer.from_base(settings.telegram_api))
    bot = Bot(settings.telegram_token.get_secret_value(), session=session)
    try:
        metrics = Metrics()
        shared = not settings.database_url.startswith("sqlite")  # a file has one worker
        outbox = Outbox(store, Post(bot, pace_of(settings)), metrics, shared=shared)
        exchange = Exchange(store, shelf, services, outbox.wake, clock, copy_days=rules.copy_days)
        outbox.delivered = exchange.delivered
        dispatcher = Dispatcher(exchange=exchange, guide=guide, disable_fsm=True)
        dispatcher.include_router(make_router())
        intake = Intake(bot, dispatcher, store, guide.words.could_not_save, metrics)
        reminders = Reminders(store, exchange, metrics, clock, rules)
        yield Parts(settings, guide, bot, store, outbox, intake, Polling(bot, intake), reminders, metrics, clock)
    finally:
        await session.close()
        await store.close()


def pace_of(settings: BotSettings) -> Pace:
    """0 lifts the limit of each chat too: there is no Telegram at the other end."""
    return Pace(in_all=settings.messages_per_second, each_chat=1.0 if settings.messages_per_second else 0.0)


async def run(parts: Parts, stop: asyncio.Event) -> None:
    """Receive and send until `stop` is set. Raises BotError where Telegram does not know the token."""
    async with AsyncExitStack() as doors:
        if parts.settings.status_port:
            checks = {"telegram": lambda: _hears_telegram(parts), "store": lambda: _reads_store(parts)}
            host, port = parts.settings.status_host, parts.settings.status_port
            await doors.enter_async_context(StatusDoor(host, port, parts.metrics, checks))
        await meet_telegram(parts.bot, parts.settings, parts.guide.words, parts.clock, stop)
        if not stop.is_set():
            await _talk(parts, stop)


async def _talk(parts: Parts, stop: asyncio.Event) -> None:
    sending = asyncio.create_task(parts.outbox.run())
    receiving = asyncio.create_task(_receive(parts, stop))
    reminding = asyncio.create_task(parts.reminders.run())
    ready = asyncio.create_task(_make_ready(parts.guide))
    try:
        await asyncio.wait([sending, receiving], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        await receiving
        if sending.done():
            sending.result()
    except (TelegramUnauthorizedError, Revoked):
        raise BotError(UNKNOWN_BOT) from None
    finally:
        for task in (reminding, sending):
            task.cancel()
            with suppress(asyncio.CancelledError, Revoked):
                await task
        await ready


async def _make_ready(guide: Guide) -> None:
    """The lists of words are made ready beside the first exchanges, so that nobody's first message waits for them.
    They, the guides and the libraries stay: looking through them for garbage again and again would take longer than
    many an exchange. What an exchange leaves behind is nearly all gone without looking, so that is done seldom."""
    await asyncio.to_thread(may_need_care, "hello", guide.distress)
    await asyncio.to_thread(understand, "hello", guide.commands)
    if gc.get_freeze_count() == 0:  # once in a process
        gc.collect()
        gc.freeze()
        gc.set_threshold(*SELDOM)


async def _receive(parts: Parts, stop: asyncio.Event) -> None:
    if parts.settings.webhook_url:
        async with WebhookDoor(parts.settings, parts.intake):
            await stop.wait()
    else:
        await parts.polling.run(stop)


async def _hears_telegram(parts: Parts) -> bool:
    """By webhook Telegram calls us, and silence is usual; where we ask, an answer comes at least each long poll."""
    silence = asyncio.get_running_loop().time() - parts.polling.heard_at
    return bool(parts.settings.webhook_url) or (parts.polling.heard_at > 0 and silence < LONG_POLL * 2)


async def _reads_store(parts: Parts) -> bool:
    try:
        await parts.store.who_waits(now(), limit=1)
    except StorageError:
        return False
    return True


def stop_on_signals(stop: asyncio.Event) -> None:
    """Ask for a graceful stop on Ctrl+C and on termination."""
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
