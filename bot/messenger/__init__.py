"""A small messenger that runs on this computer and speaks the Telegram Bot API.

It lets people try the bot in a browser without Telegram, and it is the test double for everything that the bot does
over HTTP: the bot reaches it through aiogram's own client and cannot tell the difference.

Promises:
- It listens on this computer only, sends nothing anywhere, and writes nothing to disk.
- Methods, limits, errors and update order are Telegram's, as far as a bot for private chats can see; what is not
  built answers 404, as an unknown method does.
- Whatever can go wrong at Telegram can be switched on (`messenger.faults`).

    messenger = Messenger(token="123456:any")
    await messenger.start()
    api = TelegramAPIServer.from_base(messenger.url)
    bot = Bot("123456:any", session=AiohttpSession(api=api))
    await messenger.person(1).send_start("CODE")
    answer = await messenger.person(1).next_message()
"""

from bot.messenger.chats import Button, Message
from bot.messenger.clock import RehearsalClock
from bot.messenger.controls import SeenRow
from bot.messenger.faults import FAULTS, Faults
from bot.messenger.people import Group, Person
from bot.messenger.room import Call
from bot.messenger.server import Messenger, PortInUse

__all__ = [
    "FAULTS",
    "Button",
    "Call",
    "Faults",
    "Group",
    "Message",
    "Messenger",
    "Person",
    "PortInUse",
    "RehearsalClock",
    "SeenRow",
]
