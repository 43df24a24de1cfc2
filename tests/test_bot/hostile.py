"""Updates that nobody should ever send: a stream of them, the same for the same seed."""

import random
import string
from collections.abc import Iterator
from typing import Any

from bot.messenger import Messenger

SECRET = "what only one person knows"
PEOPLE = range(900_000_000, 900_000_050)


def hostile_updates(count: int, *, known: int = 0, seed: int = 0) -> Iterator[dict[str, Any] | bytes]:
    """`known` is a person whom some of them pretend to speak for, in other people's names."""
    dice = random.Random(seed)
    kinds = [_broken, _unknown, _missing, _huge, _foreign_button, _old_button, _other_chat, _odd_types, _deep]
    for _ in range(count):
        yield dice.choice(kinds)(dice, known)


def inject(messenger: Messenger, update: dict[str, Any] | bytes) -> None:
    """Queue it; one that is broken has the number that the queue would give it, as Telegram's have."""
    if isinstance(update, bytes):
        update = update.replace(b"NUMBER", str(messenger.last_update_id() + 1).encode())
    messenger.inject(update)


def _user(dice: random.Random) -> dict[str, Any]:
    return {"id": dice.choice(PEOPLE), "is_bot": False, "first_name": SECRET}


def _private(dice: random.Random) -> dict[str, Any]:
    user = _user(dice)
    return {
        "message_id": dice.randrange(1, 10**6),
        "date": 1_700_000_000,
        "from": user,
        "chat": {"id": user["id"], "type": "private"},
    }


def _broken(dice: random.Random, _: int) -> bytes:
    return b'{"update_id": NUMBER, "message": {"text": "%s", "n": %d' % (SECRET.encode(), dice.randrange(99))


def _unknown(dice: random.Random, _: int) -> dict[str, Any]:
    return {"".join(dice.choices(string.ascii_lowercase, k=12)): {"text": SECRET, "id": dice.randrange(99)}}


def _missing(dice: random.Random, _: int) -> dict[str, Any]:
    message = _private(dice) | {"text": SECRET}
    for name in dice.sample(sorted(message), dice.randint(1, 4)):
        del message[name]
    return {"message": message}


def _huge(dice: random.Random, _: int) -> dict[str, Any]:
    return {"message": _private(dice) | {"text": SECRET * dice.choice((200, 2000))}}


def _foreign_button(dice: random.Random, known: int) -> dict[str, Any]:
    """Somebody presses a button in the chat of somebody else."""
    message = _private(dice) | {"chat": {"id": known, "type": "private"}, "text": "x"}
    data = dice.choice(("delete:sure:all", "stop:question-helped_what", "yes:consent-quotes", "next:mydata"))
    return {"callback_query": {"id": "1", "from": _user(dice), "chat_instance": "1", "message": message, "data": data}}


def _old_button(dice: random.Random, _: int) -> dict[str, Any]:
    message = _private(dice)
    data = dice.choice((SECRET, "", ":", "done:", "verb:step:argument:more", "\u202e" * 20, "choose:topics:" + SECRET))
    query = {"id": "1", "from": message["from"], "chat_instance": "1", "data": data}
    return {"callback_query": query | dice.choice(({"message": message}, {"inline_message_id": "abc"}, {}))}


def _other_chat(dice: random.Random, _: int) -> dict[str, Any]:
    chat = {"id": -dice.randrange(10**6), "type": dice.choice(("group", "supergroup", "channel")), "title": SECRET}
    return {dice.choice(("message", "edited_message")): _private(dice) | {"chat": chat, "text": SECRET}}


def _odd_types(dice: random.Random, _: int) -> dict[str, Any]:
    odd: list[Any] = [None, True, -1, 2**70, 1e300, [], {}, "", "\ud800", [[[]]], {"text": SECRET}]
    kind = dice.choice(("message", "edited_message", "callback_query", "my_chat_member", "poll"))
    return {
        kind: _private(dice) | {dice.choice(("text", "chat", "from", "date", "voice", "entities")): dice.choice(odd)}
    }


def _deep(dice: random.Random, _: int) -> dict[str, Any]:
    nested: Any = SECRET
    for _level in range(dice.choice((50, 400))):
        nested = {"reply_to_message": nested}
    return {"message": _private(dice) | {"reply_to_message": nested}}
