"""A messenger with the real aiogram stack in front of it.

`rehearsal()` is an async context manager and not an async fixture, so that it runs in whichever loop the test runs in.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.types import BotCommand, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message, MessageEntity

from bot.messenger import Messenger

TOKEN = "4242:rehearsal-token"


@dataclass
class Rehearsal:
    """A running messenger and a bot that talks to it."""

    messenger: Messenger
    bot: Bot

    def another_bot(self, token: str = TOKEN) -> Bot:
        """A second client; close its session yourself."""
        return bot_for(self.messenger, token)

    @asynccontextmanager
    async def echoing(self) -> AsyncIterator[Dispatcher]:
        """The echo bot below, polling for as long as the block lasts."""
        dispatcher = Dispatcher()
        dispatcher.include_router(echo_router())
        polling = asyncio.create_task(dispatcher.start_polling(self.bot, handle_signals=False, polling_timeout=5))
        try:
            yield dispatcher
        finally:
            with suppress(RuntimeError):
                await dispatcher.stop_polling()
            await polling


def bot_for(messenger: Messenger, token: str = TOKEN) -> Bot:
    return Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(messenger.url)))


Factory = Callable[..., AbstractAsyncContextManager[Rehearsal]]


@pytest.fixture
def rehearsal() -> Factory:
    @asynccontextmanager
    async def begin(**settings: Any) -> AsyncIterator[Rehearsal]:
        messenger = Messenger(TOKEN, **settings)
        await messenger.start()
        bot = bot_for(messenger)
        try:
            yield Rehearsal(messenger, bot)
        finally:
            await bot.session.close()
            await messenger.stop()

    return begin


CHOICES = InlineKeyboardMarkup(
    inline_keyboard=[
        [InlineKeyboardButton(text="Yes, go on", callback_data="yes:1")],
        [
            InlineKeyboardButton(text="Skip this one", callback_data="skip:1"),
            InlineKeyboardButton(text="Pause, I will come back", callback_data="pause:1"),
            InlineKeyboardButton(text="I need support", callback_data="help:1"),
        ],
    ]
)


def echo_router() -> Router:
    """A tiny bot with buttons: greets, echoes, notices changes, answers what is pressed."""
    router = Router()

    @router.message(CommandStart())
    async def greet(message: Message, bot: Bot) -> None:
        await bot.set_my_commands([BotCommand(command="help", description="Someone to talk to")])
        text = "Hello. Shall we begin?\nYou can stop whenever you like. See https://example.org/sheet or /help."
        await message.answer(text, entities=[MessageEntity(type="bold", offset=0, length=6)], reply_markup=CHOICES)

    @router.message(F.text)
    async def echo(message: Message) -> None:
        await message.answer(f"You said: {message.text}")

    @router.edited_message()
    async def notice(message: Message) -> None:
        await message.answer(f"You changed it to: {message.text}")

    @router.message()
    async def other(message: Message) -> None:
        await message.answer(f"That was a {message.content_type.value}.")

    @router.callback_query()
    async def pressed(query: CallbackQuery) -> None:
        await query.answer("Thank you")
        if isinstance(query.message, Message):
            await query.message.edit_reply_markup()
            await query.message.answer(f"You chose {query.data}.")

    return router
